/** What the handler tells the app about its dependencies: the structure of docs/architecture.md, as far as it is used. */

export interface ResolvedArtifact {
  readonly name: string;
  readonly source: 'layer' | 'tmp' | 's3';
  readonly digest: string;
  readonly tree: string;
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  /** Milliseconds per phase of the resolution. */
  readonly phases: Readonly<Record<string, number | undefined>>;
}

export interface Dependencies {
  readonly artifacts: readonly ResolvedArtifact[];
}
