/** What a stage must do to run a release: nothing, one move of its alias, or a new version. Pure. */
import type { Architecture, Runtime } from '../../artifact/lock.ts';
import type { ActualFunction, DesiredFunction, FunctionSettings, VersionState } from '../deploy/types.ts';

/** What a release decides about a function; everything else stays as it is. */
export interface ReleasedFunction {
  /** Base64 SHA-256 of the function package; undefined: a release of dependencies alone. */
  readonly codeSha256: string | undefined;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
  /** The release's layer versions in the function's region, in lock order. */
  readonly layers: readonly string[];
}

export type StagePlan =
  | { readonly do: 'leave'; readonly why: string }
  | { readonly do: 'keep'; readonly version: string }
  | { readonly do: 'move'; readonly version: string; readonly from: string }
  | { readonly do: 'make'; readonly from: string; readonly desired: DesiredFunction };

/** `versions` are the published ones. Of several that fit, the newest is taken. */
export function planStage(
  name: string,
  release: ReleasedFunction,
  actual: ActualFunction | undefined,
  versions: readonly VersionState[],
): StagePlan {
  const { codeSha256 } = release;
  const live = actual?.live;
  if (actual === undefined) return { do: 'leave', why: `there is no function ${name}` };
  if (live === undefined) return { do: 'leave', why: `${name} has no alias "live": "deploy" makes it` };
  if (codeSha256 === undefined) return { do: 'leave', why: 'the release holds no code' };
  if (live.architecture !== release.architecture) {
    return {
      do: 'leave',
      why: `${name} runs on ${live.architecture}, the release is for ${release.architecture}`,
    };
  }
  if (runs(live, { ...release, codeSha256 })) return { do: 'keep', version: live.version };
  const fit = versions
    .filter(version => runs(version, { ...release, codeSha256 }))
    .sort((a, b) => Number(b.version) - Number(a.version))[0];
  if (fit !== undefined) return { do: 'move', version: fit.version, from: live.version };
  return {
    do: 'make',
    from: live.version,
    desired: desiredFunction(name, { ...release, codeSha256 }, actual, live),
  };
}

type Coded = ReleasedFunction & { readonly codeSha256: string };

function runs(version: VersionState, release: Coded): boolean {
  return (
    version.codeSha256 === release.codeSha256 &&
    version.runtime === release.runtime &&
    version.architecture === release.architecture &&
    version.layers.join() === layersFor(version, release).join()
  );
}

/** A function in mode `s3` has no layers: its code downloads them. */
function layersFor({ environment }: VersionState, { layers }: Coded): readonly string[] {
  return environment['DEPS_SOURCE'] === 's3' ? [] : layers;
}

function desiredFunction(
  name: string,
  release: Coded,
  actual: ActualFunction,
  live: VersionState,
): DesiredFunction {
  const settings: FunctionSettings = {
    codeSha256: release.codeSha256,
    runtime: release.runtime,
    architecture: release.architecture,
    handler: live.handler,
    role: live.role,
    memory: live.memory,
    timeout: live.timeout,
    tmp: live.tmp,
    environment: live.environment,
    layers: layersFor(live, release),
    tracing: live.tracing,
  };
  return {
    name,
    settings,
    url: undefined,
    tags: actual.tags,
    reservedConcurrency: actual.reservedConcurrency,
  };
}
