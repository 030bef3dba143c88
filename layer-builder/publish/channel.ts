/** Channels: the one mutable thing in a bucket. Each points to a release and moves only by compare-and-swap. */
import type { Lock } from '../../artifact/lock.ts';
import type { ObjectStore } from '../aws/objects.ts';
import { BuilderError, fail } from '../errors.ts';
import { base64Sha256 } from './record.ts';

/** One move of a channel. */
export interface ChannelMove {
  readonly release: string;
  readonly movedAt: string;
  readonly movedBy: string;
  /**
   * The release that was gone back to: the steps after it are undone. `release` is another one when a layer of it
   * had to be made again.
   */
  readonly rollback?: string;
}

/** `channels/<name>.json`. Several services and architectures share one: each moves its own entry. */
export interface Channel {
  readonly formatVersion: 1;
  readonly channel: string;
  /** By `<service>/<architecture>`; the moves, newest first. The first one is where the channel points. */
  readonly entries: Readonly<Record<string, readonly ChannelMove[]>>;
}

export interface ChannelState {
  readonly channel: Channel;
  /** undefined: the channel does not exist yet. */
  readonly etag: string | undefined;
}

const namePattern = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Enough to go back by; the releases themselves stay. */
const keptMoves = 50;
/** Other services may move the same channel at the same moment; each round at least one of us succeeds. */
const mostRounds = 20;

/** Throws `USAGE` for a name that is no channel's. */
export function checkChannelName(name: string): string {
  if (namePattern.test(name)) return name;
  return fail(
    'USAGE',
    `no name for a channel (expected 1 to 32 of a-z 0-9 -, found ${JSON.stringify(name)})`,
    {
      hint: 'for example: dev, qa, prod',
    },
  );
}

export function channelKey(prefix: string, name: string): string {
  return `${prefix}channels/${name}.json`;
}

export function entryOf({ service, architecture }: Pick<Lock, 'service' | 'architecture'>): string {
  return `${service}/${architecture}`;
}

/** Where the channel points for one service and architecture; undefined when nowhere. */
export function releaseOf(channel: Channel, entry: string): string | undefined {
  return channel.entries[entry]?.[0]?.release;
}

/** An absent channel is an empty one. Throws `CHANNEL_INVALID`. */
export async function readChannel(objects: ObjectStore, prefix: string, name: string): Promise<ChannelState> {
  const found = await objects.get(channelKey(prefix, name));
  if (found === undefined)
    return { channel: { formatVersion: 1, channel: name, entries: {} }, etag: undefined };
  return { channel: parseChannel(found.bytes.toString(), name), etag: found.facts.etag };
}

export interface MoveOrder {
  readonly prefix: string;
  readonly name: string;
  readonly entry: string;
  /** Where the caller saw the channel point; undefined: nowhere. */
  readonly from: string | undefined;
  readonly to: string;
  readonly movedAt: string;
  readonly movedBy: string;
  readonly rollback: string | undefined;
}

/**
 * Moves one entry; true when something was written. Moves of other entries in between are kept.
 * Throws `PUBLISH_CHANNEL_CONFLICT` when the entry points elsewhere than `from` by now.
 */
export async function moveChannel(objects: ObjectStore, order: MoveOrder): Promise<boolean> {
  const { prefix, name, entry, from, to } = order;
  for (let round = 0; round < mostRounds; round++) {
    const { channel, etag } = await readChannel(objects, prefix, name);
    const now = releaseOf(channel, entry);
    if (now === to) return false;
    if (now !== from) throw conflict(order, channel, now);
    const bytes = Buffer.from(`${JSON.stringify(withMove(channel, order), null, 2)}\n`);
    const condition = etag === undefined ? ({ absent: true } as const) : { etag };
    const put = await objects.put(channelKey(prefix, name), bytes, base64Sha256(bytes), condition);
    if (put.written) return true;
  }
  return fail(
    'PUBLISH_CHANNEL_CONFLICT',
    `channel ${name} never holds still (expected a free moment, found ${mostRounds} other moves)`,
    {
      hint: 'run again when fewer pipelines publish to this channel at once',
    },
  );
}

/** Pure. */
function withMove(channel: Channel, { entry, to, movedAt, movedBy, rollback }: MoveOrder): Channel {
  const move = { release: to, movedAt, movedBy, ...(rollback ? { rollback } : {}) };
  const moves = [move, ...(channel.entries[entry] ?? [])].slice(0, keptMoves);
  return { ...channel, entries: { ...channel.entries, [entry]: moves } };
}

function conflict(
  { name, entry, from, to }: MoveOrder,
  channel: Channel,
  now: string | undefined,
): BuilderError {
  const last = channel.entries[entry]?.[0];
  const by = last === undefined ? '' : `, moved by ${last.movedBy} at ${last.movedAt}`;
  return new BuilderError(
    'PUBLISH_CHANNEL_CONFLICT',
    `channel ${name} was moved meanwhile (expected ${from ?? 'nothing'}, found ${now ?? 'nothing'}${by})`,
    {
      hint: `compare with "layer-builder diff ${now} ${to}", then publish again, or "layer-builder promote ${to} --to ${name}"`,
      details: { channel: name, entry, expected: from ?? null, found: now ?? null, release: to },
    },
  );
}

function parseChannel(text: string, name: string): Channel {
  try {
    const value: Channel = JSON.parse(text);
    const moves = Object.values(value.entries).flat();
    if (value.formatVersion === 1 && moves.every(({ release }) => typeof release === 'string')) return value;
  } catch {
    // said below
  }
  return fail(
    'CHANNEL_INVALID',
    `channel ${name} cannot be read (expected a document of formatVersion 1, found other text)`,
    {
      hint: 'a newer layer-builder may have written it; else restore the previous version of the object',
    },
  );
}
