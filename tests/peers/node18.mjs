// Node 18 keeps File in node:buffer; the HTTP client below Alipay's SDK looks for it among the globals.
import { File } from 'node:buffer';

globalThis.File ??= File;
