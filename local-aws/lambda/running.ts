/** Functions as they run: which code and configuration an invocation gets, and the environments behind it. */
import { randomBytes } from 'node:crypto';
import type { CredentialStore } from '../credentials.ts';
import { ensureRuntimeClient } from '../runtime-client/install.ts';
import type { InvocationRequest } from '../sandbox/environment.ts';
import type { Ladder } from '../sandbox/index.ts';
import { findNode, type NodeBinary } from '../sandbox/node.ts';
import { openPool, type PoolAnswer, type Target } from '../sandbox/pool.ts';
import type { InvocationRecord } from '../sandbox/report.ts';
import { treeKey } from '../sandbox/trees.ts';
import type { FunctionSpec } from '../sandbox/variables.ts';
import type { Place } from './arn.ts';
import { record as recordField, text } from './fields.ts';
import { limits } from './limits.ts';
import type { FunctionRecord, FunctionVersion } from './records.ts';
import type { Store } from './store.ts';

export interface Running {
  /** Unpacks code and layers, so that the first invocation need not. Rejects when they do not unpack. */
  prepare(version: FunctionVersion): Promise<void>;
  invoke(record: FunctionRecord, version: FunctionVersion, request: InvocationRequest): Promise<PoolAnswer>;
  /** Shuts down the environments of versions that `record` no longer has; `all`: every one. */
  retire(record: FunctionRecord, all?: boolean): Promise<void>;
  /** The last invocations, newest last. */
  readonly records: readonly InvocationRecord[];
  /** Calls `listener` with each invocation from now on; returns what ends that. */
  onRecord(listener: (record: InvocationRecord) => void): () => void;
  close(): Promise<void>;
}

/** Lambda shuts idle environments down after some minutes, at its own will. */
const idleMs = 300_000;
/** Invocations that are remembered. */
const ring = 200;

export function openRunning(options: {
  readonly sandbox: Ladder;
  readonly store: Store;
  readonly place: Place;
  readonly endpoint: string;
  readonly credentials: CredentialStore;
  /** Takes the log entries of functions whose role may write them. */
  readonly onLog: (spec: FunctionSpec, stream: string, entries: readonly string[]) => void;
  /** What serves while an update is in progress. */
  readonly serving: (name: string) => FunctionVersion | undefined;
  readonly log: (line: string) => void;
}): Running {
  const { sandbox, store, credentials, log } = options;
  const nodes = new Map<string, Promise<NodeBinary>>();
  let client: Promise<string> | undefined;
  const records: InvocationRecord[] = [];
  /** Code folders that a request is about to run from or runs from. */
  const inUse = new Map<string, number>();
  const listeners = new Set<(record: InvocationRecord) => void>();

  const pool = openPool({
    sandbox,
    limit: limits.concurrency,
    idleMs,
    issue(spec) {
      const issued = {
        accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString('base64'),
        sessionToken: randomBytes(60).toString('base64'),
      };
      credentials.add({ ...issued, arn: spec.role });
      return issued;
    },
    onLog: options.onLog,
    revoke: ({ accessKeyId }) => credentials.remove(accessKeyId),
    onRecord(record) {
      records.push(record);
      if (records.length > ring) records.shift();
      for (const listener of listeners) listener(record);
    },
  });

  /** Keys of the trees of every version that an invocation may ask for. */
  function wantedTrees(): ReadonlySet<string> {
    const versions = store.functions.all().flatMap(({ name, latest, versions }) => {
      const serving = options.serving(name);
      return [latest, ...versions, ...(serving ? [serving] : [])];
    });
    return new Set(versions.map(treeKeyOf));
  }

  function nodeFor(runtime: string): Promise<NodeBinary> {
    const node = nodes.get(runtime) ?? findNode(runtime, log);
    nodes.set(runtime, node);
    return node;
  }

  function runtimeClient(): Promise<string> {
    client ??= ensureRuntimeClient(log);
    // A failure, mostly of the network, is tried again for the next invocation.
    client.catch(() => {
      client = undefined;
    });
    return client;
  }

  function treeOf({ code, layers, runtime }: FunctionVersion): ReturnType<Ladder['trees']['assemble']> {
    const file = ({ sha256 }: { sha256: string }): { path: string; sha256: string } => ({
      path: store.pathOf(sha256),
      sha256,
    });
    return sandbox.trees.assemble(
      file(code),
      layers.map(layer => file(layer.code)),
      majorOf(runtime),
    );
  }

  async function targetOf(record: FunctionRecord, version: FunctionVersion): Promise<Target> {
    const [node, runtime, tree] = await Promise.all([
      nodeFor(version.runtime),
      runtimeClient(),
      treeOf(version),
    ]);
    const logging = recordField(version.other, 'LoggingConfig') ?? {};
    return {
      key: keyOf(version),
      spec: {
        name: record.name,
        version: version.version,
        role: version.role,
        handler: version.handler,
        runtime: version.runtime,
        memoryMb: version.memory,
        timeoutS: version.timeout,
        variables: version.environment,
        logFormat: text(logging, 'LogFormat') === 'JSON' ? 'JSON' : 'Text',
        logLevel: text(logging, 'ApplicationLogLevel'),
        logGroup: text(logging, 'LogGroup') ?? `/aws/lambda/${record.name}`,
        region: options.place.region,
        endpoint: options.endpoint,
        nodeVersion: node.version,
      },
      parts: {
        node: node.path,
        runtime,
        task: tree.task,
        opt: tree.opt,
        links: tree.links,
        memoryMb: version.memory,
        tmpMb: version.storage,
      },
    };
  }

  return {
    async prepare(version) {
      await treeOf(version);
      // Only the code's own faults fail a function; what the machine lacks is told by the invocation.
      await Promise.allSettled([nodeFor(version.runtime), runtimeClient()]);
    },
    async invoke(record, version, request) {
      const target = await targetOf(record, version);
      const { task } = target.parts;
      inUse.set(task, (inUse.get(task) ?? 0) + 1);
      try {
        return await pool.invoke(target, request, record.reserved);
      } finally {
        const left = (inUse.get(task) ?? 1) - 1;
        if (left > 0) inUse.set(task, left);
        else inUse.delete(task);
      }
    },
    async retire(record, all = false) {
      const keep = all ? [] : [record.latest, ...record.versions].map(keyOf);
      await pool.retire(record.name, new Set(keep));
      // Asked at the moment of deletion: other functions come and go meanwhile.
      await sandbox.trees.collect(
        (key, tree) => inUse.has(tree.task) || pool.uses(tree.task) || wantedTrees().has(key),
      );
    },
    records,
    onRecord(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => pool.close(),
  };
}

function treeKeyOf({ code, layers, runtime }: FunctionVersion): string {
  return treeKey(
    code,
    layers.map(layer => layer.code),
    majorOf(runtime),
  );
}

function majorOf(runtime: string): string {
  return /\d+/.exec(runtime)?.[0] ?? '';
}

/** Any change of code or configuration gives a new revision, hence new environments. */
function keyOf(version: FunctionVersion): string {
  return `${version.version} ${version.revisionId}`;
}
