/** Memory lent for one large part of a message. */
export interface Lease {
  readonly bytes: Uint8Array;
  /** Hands the memory back; further calls do nothing. */
  release(): void;
}
