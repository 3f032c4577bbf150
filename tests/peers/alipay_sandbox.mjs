export async function alipaySandbox() {}
