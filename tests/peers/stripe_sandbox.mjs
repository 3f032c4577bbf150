export async function stripeSandbox() {}
