/**
 * May a page of this origin connect? No cookie logs anybody in here, so any may unless the owner has listed some; what
 * is not a browser sends no origin (RFC 6455 section 10.2). `own` is the deployment's.
 */
export function isAllowedOrigin(allowed: readonly string[], origin: string | null, own: string): boolean {
  return allowed.length === 0 || origin === null || origin === own || allowed.includes(origin);
}
