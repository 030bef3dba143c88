/** What a judge says. */

export interface Judgement {
  /** What of ours was judged. */
  readonly what: string;
  /** Who judged, with its version. */
  readonly judge: string;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  readonly said?: string;
}

export type Judges = () => Promise<readonly Judgement[]>;
