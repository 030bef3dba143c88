/** The OpenAPI document as an answer. */
import type { Answer } from '../declare.ts';
import { unchanging } from '../http/unchanging.ts';
import type { Services } from '../services.ts';
import { makeOpenApi } from './document.ts';

export function answerOpenApi({ routes, settings }: Services): Answer {
  return unchanging('application/json', JSON.stringify(makeOpenApi(routes, settings.keyName)));
}
