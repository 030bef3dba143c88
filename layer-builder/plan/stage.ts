/** What a stage must do to run a release: nothing, a move of its alias, or a new version first. Pure. */
import type { Architecture, Runtime } from '../../artifact/lock.ts';
import { planDeploy, planTakeover } from '../deploy/plan.ts';
import type {
  ActualFunction,
  DeployStep,
  DesiredFunction,
  FunctionSettings,
  ReleaseSettings,
  VersionState,
} from '../deploy/types.ts';

/** What a release decides about a function; everything else stays as it is. */
export interface ReleasedFunction {
  /** Base64 SHA-256 of the function package; undefined: a release of dependencies alone. */
  readonly codeSha256: string | undefined;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
  /** The release's layer versions in the function's region, in lock order. */
  readonly layers: readonly string[];
  /** How its version takes over from the one that is live. */
  readonly takeover: ReleaseSettings;
}

export type StagePlan =
  | { readonly do: 'leave'; readonly why: string }
  | { readonly do: 'keep'; readonly version: string }
  | {
      readonly do: 'move';
      /** Behind the alias now. */
      readonly from: string;
      /** The version that runs the release; undefined while there is none. */
      readonly version: string | undefined;
      readonly desired: DesiredFunction;
      /** Makes the version and tests it; callers notice nothing. */
      readonly prepare: readonly DeployStep[];
      readonly takeover: readonly DeployStep[];
    };

const preparing: ReadonlySet<DeployStep['kind']> = new Set([
  ...(['update-code', 'update-configuration', 'rehearse-s3', 'publish-version', 'smoke-test'] as const),
]);
const takingOver: ReadonlySet<DeployStep['kind']> = new Set([
  ...(['shift-alias', 'move-alias', 'watch-alarms'] as const),
]);

/**
 * `versions` are the published ones. Of several that fit, the newest is taken, with the settings that it has; when none
 * fits, a new one gets the settings of the one that is live.
 */
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
    const why = `${name} runs on ${live.architecture}, the release is for ${release.architecture}`;
    return { do: 'leave', why };
  }
  const coded = { ...release, codeSha256 };
  const desired = desiredFunction(name, coded, actual, live);
  const move = { do: 'move', from: live.version, desired, prepare: [] } as const;
  if (runs(live, coded)) {
    if (Object.keys(live.weights).length === 0) return { do: 'keep', version: live.version };
    const takeover: DeployStep[] = [{ kind: 'end-shift', version: live.version }];
    return { ...move, version: live.version, takeover };
  }
  const [fit] = versions
    .filter(version => runs(version, coded))
    .sort((a, b) => Number(b.version) - Number(a.version));
  if (fit !== undefined) {
    const prepare: DeployStep[] = [{ kind: 'smoke-test' }];
    return { ...move, version: fit.version, prepare, takeover: planTakeover(desired, live.version) };
  }
  const { steps } = planDeploy(desired, actual);
  return {
    ...{ ...move, version: undefined },
    prepare: steps.filter(({ kind }) => preparing.has(kind)),
    takeover: steps.filter(({ kind }) => takingOver.has(kind)),
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
  { tags, reservedConcurrency }: ActualFunction,
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
  const around = { url: undefined, ownRole: undefined, logs: undefined, tags, reservedConcurrency };
  return { name, settings, ...around, release: release.takeover };
}
