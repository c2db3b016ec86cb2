/** Is a URL's host name one that only this machine can reach it by? (RFC 6761 section 6.3, RFC 5735, RFC 4291) */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}
