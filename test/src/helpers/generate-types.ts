/** OpenAPI document → TypeScript types, with openapi-typescript. */
import { registerHooks } from 'node:module';

// openapi-typescript writes with the compiler API of TypeScript 5; the compiler that judges what it wrote, TypeScript 7,
// has another one. So both are installed, and the generator alone is led to the older.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === 'typescript' ? 'typescript-5' : specifier, context),
});

export async function generateTypes(document: string): Promise<string> {
  const { default: generate, astToString } = await import('openapi-typescript');
  return astToString(await generate(document));
}
