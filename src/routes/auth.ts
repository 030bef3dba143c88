/** `/auth/*`: lets a person put the key into a cookie, for the pages. */
import { type Route, route } from '../declare.ts';

const tag = 'auth';

export const authRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/auth/set-cookie-form',
    tag,
    summary: 'A form that sets the key as a cookie',
    public: true,
    answers: { 'text/html; charset=utf-8': 'Page' },
    errors: [503],
    run: async ({ services }) =>
      (await import('../pages/answers.ts')).answerFile('cookie-form.html', services.dependencies),
  }),
  route({
    method: 'POST',
    path: '/auth/set-auth-cookie',
    tag,
    summary: 'Sets the cookie that carries the key',
    public: true,
    body: {
      cookie_value: {
        type: 'string',
        minLength: 1,
        maxLength: 1024,
        format: 'cookie-value',
        writeOnly: true,
        description: 'The key. It is not echoed and not checked here.',
        examples: ['the-key-of-this-service'],
      },
    },
    answers: { 'application/json': 'CookieSet' },
    errors: [503],
    run: async call => (await import('../auth/set-cookie.ts')).answerSetCookie(call),
  }),
];
