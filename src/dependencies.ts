/** What the handler tells the app about its dependencies: the structure of docs/architecture.md, as far as it is used. */

export interface ResolvedArtifact {
  readonly name: string;
  readonly source: 'layer' | 'tmp' | 's3';
  readonly digest: string;
  readonly tree: string;
  /** Folder of the project's files in it, each at its place in the project. */
  readonly assets: string;
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  /** Milliseconds per phase of the resolution. */
  readonly phases: Readonly<Record<string, number | undefined>>;
}

export interface Dependencies {
  /** Resolved so far. */
  readonly artifacts: readonly ResolvedArtifact[];
  /** A lazy artifact, on first use. Throws an error with a code. */
  load(name: string): Promise<ResolvedArtifact>;
}
