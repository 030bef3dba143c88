/** Sizes that Lambda and the load balancer refuse. */
import type { Answer } from './answer.ts';
import type { HttpSource } from './classify.ts';
import { payloadLimit } from './request.ts';

/** Bytes of the response JSON. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html */
const loadBalancerLimit = 1_048_576;

/** Bytes an answer may have as JSON. */
export function limitOf(source: HttpSource): number {
  return source === 'alb' || source === 'alb-multi' ? loadBalancerLimit : payloadLimit;
}

/** One character of a text takes at most six bytes as JSON (a control character; three bytes of UTF-8 stay three). */
const worstGrowth = 6;
/** Room for status, headers and cookies: no gateway takes a tenth of it. */
const headRoom = 65_536;

/** True where the answer, as the JSON that leaves, is over its source's limit. Small ones are not measured. */
export function exceedsLimit(source: HttpSource, answer: Answer): boolean {
  const limit = limitOf(source);
  const growth = answer.isBase64Encoded ? 1 : worstGrowth;
  if (answer.body.length * growth + headRoom < limit) return false;
  return Buffer.byteLength(JSON.stringify(answer)) > limit;
}
