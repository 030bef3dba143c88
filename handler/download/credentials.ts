/** Credentials for the signature: from the environment or from the container endpoint (R4). */

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
