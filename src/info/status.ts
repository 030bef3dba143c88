/** State and identity of this process. */
import { type Answer, json } from '../declare.ts';
import type { Services } from '../services.ts';
import { serviceName, serviceVersion } from '../version.ts';

/** `degraded`: a secret that is configured as a reference cannot be resolved. */
export async function answerStatus({ settings, secrets }: Services): Promise<Answer> {
  const readings = await Promise.allSettled(Object.values(secrets).map(secret => secret.read()));
  const status = readings.some(reading => reading.status === 'rejected') ? 'degraded' : 'operational';
  const environment = settings.inLambda ? 'aws-lambda' : 'local';
  return json({ name: serviceName, version: serviceVersion, status, environment });
}

export function answerServer({ settings, server }: Services): Answer {
  return json({
    server_id: server.id,
    server_name: settings.functionName ?? 'local',
    server_instance_id: server.instanceId,
    server_boot_time: server.bootTime,
  });
}
