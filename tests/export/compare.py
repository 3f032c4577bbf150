"""The library, the exported PHP and the exported Python give the same answers: to every row as it stands, and to many
random questions with wrong case, padding, unlisted codes, messages, HTTP statuses, networks and advice codes.
Usage: compare.py PAYROUTE FOLDER [SEED [QUESTIONS]]
"""
import json
import os
import random
import subprocess
import sys
import time

MEMBERS = ("reason", "reason_number", "class", "fault", "advice", "field", "act", "wait_seconds", "matched", "decided_by",
           "retry", "channel_fault", "private_cause", "unlisted", "source", "meaning")
AUDIENCES = ("customer", "merchant", "support")
ADVICE = ["01", "02", "03", "21", "24", "30", "40", "42", "99", "confirm_card_data", "do_not_try_again",
          "try_again_later", "A", "R0", "x" * 120]
NETWORKS = ["visa", "Mastercard", "MASTERCARD", "amex", "discover", "unionpay", "elo", "MC", "American Express", "China_UnionPay", "nobody", "", "v" * 120]


def row_question(row):
    if row["layer"] == "message":
        q = {"provider": row["provider"], "message": row["code"]}
    else:
        q = {"provider": row["provider"], "code": row["code"]}
        if row["layer"] != "*":
            q["layer"] = row["layer"]
    if row["operation"] != "*":
        q["operation"] = row["operation"]
    return q


class Dice:
    def __init__(self, rows, seed):
        self.d = random.Random(seed)
        self.rows = rows
        self.layers = sorted({r["layer"] for r in rows})
        self.operations = sorted({r["operation"] for r in rows}) + ["nothing"]
        self.messages = [r["code"] for r in rows if r["layer"] == "message"]
        self.network_codes = [r["code"] for r in rows if r["layer"] == "issuer"] + ["05", "51", "5", "N7", "zz"]

    def some(self, n):
        return self.d.randrange(n) == 0

    def bend(self, code):
        d = self.d
        how = d.randrange(12)
        if how == 0:
            return code.lower()
        if how == 1:
            return code.swapcase()
        if how == 2:
            return " " * d.randrange(3) + code + "\t"
        if how == 3:
            return "0" * d.randrange(1, 4) + code
        if how == 4:
            return code.lstrip("0") or "0"
        if how == 5:
            return code.rstrip("*") + d.choice(["_X", "9", ".", " more"])
        if how == 6:
            return "aop." + code
        if how == 7:
            return code[:-1]
        if how == 8:
            return d.choice(["", "no such code", "\u7801", "Q" * 200, "000", "*", "-"])
        return code

    def question(self):
        d = self.d
        row = d.choice(self.rows)
        q = row_question(row)
        if "code" in q:
            q["code"] = self.bend(q["code"])
        if self.some(4):
            q.pop("layer", None)
        elif self.some(5):
            q["layer"] = d.choice(self.layers + [""])
        if self.some(3):
            q["operation"] = d.choice(self.operations + [""])
        if self.some(5):
            text = d.choice(self.messages)
            q["message"] = d.choice(["", "x: ", "\u9519\u8bef"]) + (text.upper() if self.some(3) else text) + " (7)"
        if self.some(5):
            q["http"] = d.choice([0, 200, 302, 400, 401, 402, 403, 404, 409, 429, 500, 502, 503, 504, 599, 999])
        if self.some(3):
            q["network"] = d.choice(NETWORKS)
        if self.some(4):
            code = d.choice(self.network_codes)
            q["network_code"] = self.bend(code)
            if "+" in code and self.some(2):  # a code and its advice code that are one row
                q["network_code"], q["advice_code"] = code.split("+", 1)
                q["network"] = d.choice(["mastercard", "visa"])
        if "advice_code" not in q and self.some(4):
            q["advice_code"] = d.choice([", ", ",", " "]).join(d.choice(ADVICE) for _ in range(d.randrange(1, 4)))
        if self.some(30):
            q["provider"] = d.choice(["nobody", "", "Stripe", "http", "libcurl"])
        return q


def run(command, lines):
    started = time.monotonic()
    done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode != 0:
        sys.exit("%s: exit %d" % (command[0], done.returncode))
    return [json.loads(line) for line in done.stdout.splitlines()], time.monotonic() - started


def ask_python(module, q):
    q = dict(q)
    return module.lookup(q.pop("provider", None), **q)


def main():
    payroute, folder = sys.argv[1], os.path.abspath(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    many = int(sys.argv[4]) if len(sys.argv) > 4 else 20000
    print("seed %d" % seed)
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    import payroute_catalog as module
    with open(os.path.join(folder, "payroute-catalog.json"), encoding="utf-8") as f:
        catalog = json.load(f)
    rows = catalog["rows"]
    dice = Dice(rows, seed)
    exact = [row_question(r) for r in rows]
    questions = exact + [dice.question() for _ in range(many)]
    lines = "".join(json.dumps(dict(q, locale="en")) + "\n" for q in questions)
    c, c_time = run([payroute, "explain", "--batch"], lines)
    php_file = os.path.join(folder, "payroute_catalog.php")
    here = os.path.dirname(os.path.abspath(__file__))
    php, php_time = run(["php", "-d", "memory_limit=512M", os.path.join(here, "lookup.php"), php_file], lines)
    started = time.monotonic()
    python = [ask_python(module, q) for q in questions]
    python_time = time.monotonic() - started
    failed = 0
    levels = {}
    for q, x, y, z in zip(questions, c, php, python):
        if "error" in x:
            sys.exit("the library refuses %s: %s" % (q, x))
        levels[x["matched"]] = levels.get(x["matched"], 0) + 1
        for name in MEMBERS:
            if name in x and not x[name] == y[name] == z[name]:
                failed += 1
                if failed < 10:
                    print("%s\n  %s: C %r, PHP %r, Python %r" % (json.dumps(q, ensure_ascii=False), name, x[name],
                                                                 y[name], z[name]))
    if len(c) != len(questions) or len(php) != len(questions):
        sys.exit("answers are missing")
    for level in ("exact", "normalized", "alias", "prefix", "message", "http", "provider", "global"):
        if not levels.get(level):
            print("no question reached the level %s" % level)
            failed += 1
    print("%d rows and %d random questions; C %.2f s, PHP %.2f s, Python %.2f s" % (
        len(exact), many, c_time, php_time, python_time))
    print(", ".join("%s %d" % (k, levels[k]) for k in sorted(levels, key=levels.get, reverse=True)))
    texts, wrong = compare_texts(payroute, php_file, here, module, catalog, rows)
    print("%d texts" % texts)
    failed += wrong
    print("%d passed, %d failed" % (len(questions) + texts - failed, failed))
    return 1 if failed else 0


def compare_texts(payroute, php_file, here, module, catalog, rows):
    """Every reason that some row has, for every audience, in every locale and in some that fall back."""
    examples = {}
    for r in rows:
        if r["layer"] != "message" and not r["code"].endswith("*") and not r["alias_of"]:
            examples.setdefault(r["reason"], row_question(r))
    locales = list(module.LOCALES) + ["zh", "zh_HK", "zh-Hant-MO", "zh-Hans-HK", "zh-sg", "zh-TWX", "zho", "de-AT-1996", "EN_us", "xx", ""]
    cases = [(reason, locale) for reason in examples for locale in locales if locale]
    c, _ = run([payroute, "explain", "--batch"],
               "".join(json.dumps(dict(examples[reason], locale=locale)) + "\n" for reason, locale in cases))
    asked = [(reason, audience, locale) for reason, locale in cases for audience in AUDIENCES if audience in c[0]]
    php, _ = run(["php", "-d", "memory_limit=512M", os.path.join(here, "lookup.php"), php_file],
                 "".join(json.dumps({"text": r, "audience": a, "locale": l}) + "\n" for r, a, l in asked))
    by_case = {case: answer for case, answer in zip(cases, c)}
    wrong = 0
    for (reason, audience, locale), y in zip(asked, php):
        x, z = by_case[reason, locale][audience], module.text(reason, audience, locale)
        if not x == y == z:
            wrong += 1
            if wrong < 5:
                print("%s %s %s: C %r, PHP %r, Python %r" % (reason, audience, locale, x, y, z))
    return len(asked), wrong


if __name__ == "__main__":
    sys.exit(main())
