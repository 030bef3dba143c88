/** Who may sign requests: access keys, their secrets, and the ARN that policies see. Kept in memory only. */

export interface Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Present for temporary credentials; requests must then carry the same token. */
  readonly sessionToken?: string;
  /** Milliseconds since the epoch after which requests fail with `ExpiredToken`. Absent: never. */
  readonly expiresAt?: number;
  readonly arn: string;
}

export interface CredentialStore {
  find(accessKeyId: string): Principal | undefined;
  /** Adds a principal, or replaces the one with the same access key id. */
  add(principal: Principal): void;
  /** Forgets an access key; unknown ids are ignored. */
  remove(accessKeyId: string): void;
}

/** Creates a store that knows the given principals. */
export function createCredentialStore(initial: readonly Principal[]): CredentialStore {
  const byId = new Map(initial.map(principal => [principal.accessKeyId, principal]));
  return {
    find: accessKeyId => byId.get(accessKeyId),
    add: principal => void byId.set(principal.accessKeyId, principal),
    remove: accessKeyId => void byId.delete(accessKeyId),
  };
}
