/** Puts the key into a cookie that scripts cannot read and other sites cannot use. */
import { type Answer, json } from '../declare.ts';
import { HttpError } from '../http/errors.ts';
import type { Services } from '../services.ts';

interface SetCookie {
  readonly body: { readonly cookie_value: string };
  /** Plain http on this very machine, where a browser would drop a `Secure` cookie. */
  readonly plainLocalhost: boolean;
  readonly services: Services;
}

/** The value is neither echoed nor judged: telling right from wrong here would be an oracle without a key. */
export function answerSetCookie({ body, plainLocalhost, services }: SetCookie): Answer {
  const name = services.settings.keyName;
  if (name === undefined) {
    const reason = 'FAST_API__AUTH__API_KEY__NAME is unset or no header name';
    throw new HttpError(503, 'Service Unavailable', { reason });
  }
  const secure = plainLocalhost ? '' : '; Secure';
  const cookie = `${name}=${body.cookie_value}; HttpOnly; Path=/; SameSite=Strict${secure}`;
  const answer = json({ message: 'Cookie set successfully', cookie_name: name });
  return { ...answer, headers: { 'Set-Cookie': cookie, 'Cache-Control': 'no-store' } };
}
