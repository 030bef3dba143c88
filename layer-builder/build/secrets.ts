/** Pure: files that must never leave the machine, whatever package brought them. */

const names = [
  /^\.env(\.(?!example$|sample$|template$|defaults?$|dist$).+)?$/i,
  /^\.(npmrc|yarnrc|yarnrc\.yml|netrc|pypirc|pgpass|htpasswd|git-credentials|dockercfg|dockerconfigjson)$/i,
  /^id_(rsa|dsa|ecdsa|ed25519)$/i,
  /\.(p12|pfx|jks|keystore|kdbx|ppk)$/i,
];
const keyFile = /\.(pem|key)$/i;

/** Why this file looks like a secret, or undefined. Certificates and public keys are none. */
export function secretReason(path: string, read: () => Buffer): string | undefined {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  if (names.some(pattern => pattern.test(name))) return `${name} commonly holds credentials`;
  if (parts.at(-2) === '.aws' || parts.at(-2) === '.ssh')
    return `${parts.at(-2)}/ commonly holds credentials`;
  if (!keyFile.test(name)) return undefined;
  const labels = [
    ...read()
      .toString('latin1')
      .matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g),
  ].map(match => match[1]);
  const open =
    labels.length > 0 && labels.every(label => /CERTIFICATE|PUBLIC KEY|PARAMETERS|CRL/.test(label ?? ''));
  return open ? undefined : `${name} may hold a private key`;
}
