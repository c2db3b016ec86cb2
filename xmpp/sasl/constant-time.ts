// Comparison of secrets in a time that does not depend on where they differ.
// Must not know: what is compared.

/** Whether two byte strings are equal. Only their lengths, which are public, may influence how long it takes. */
export function constantTimeEqual(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index += 1) {
    // No early exit. Past the end of the shorter one the lengths differ already.
    difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  }
  return difference === 0;
}
