/** What the loader tells its log: facts for the operator, never a secret. */

export type LoaderEvent =
  /** The layer was passed over for the store: another one (warn), or none at all (info, `found` is null). */
  | {
      readonly level: 'warn' | 'info';
      readonly event: 'layer-mismatch';
      readonly artifact: string;
      readonly expected: unknown;
      readonly found: unknown;
    }
  /** A copy under `DEPS_DIR` was not what the lock says: somebody or something changed it. */
  | {
      readonly level: 'warn';
      readonly event: 'security';
      readonly artifact: string;
      readonly path: string;
      readonly reason: string;
    }
  /** Leftovers of a killed process were removed. */
  | { readonly level: 'info'; readonly event: 'swept'; readonly path: string }
  /** An attempt to download failed and another follows. */
  | {
      readonly level: 'info';
      readonly event: 'retry';
      readonly artifact: string;
      readonly attempt: number;
      readonly reason: string;
      readonly waitMs: number;
    };
