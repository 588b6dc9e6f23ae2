// Another OpenID Provider doing what the gateway does at its token, userinfo and JWKS endpoints, with its state in a Map of
// this process: ES256 both ways, private_key_jwt with single-use jti, PKCE, opaque access tokens, the four claims.
//
// The first line of standard input is the client's registration, {"client_id", "redirect_uri", "jwk", "code_challenge",
// "nonce"}; the first line of output its answer, {"issuer"}. Every further line of input is a number of codes to make, and
// its answer the list of them. It ends with its input.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { generateKeyPair, exportJWK } from 'jose';
import { Provider } from 'oidc-provider';

const SCOPE = 'openid name address birthdate gender';
const ACCOUNT = 'somebody';

// The provider's own memory adapter keeps a thousand entries; codes that wait for their client are more.
const rows = new Map();
class Memory {
  constructor(name) { this.name = name; }
  key(id) { return `${this.name}:${id}`; }
  async upsert(id, payload) { rows.set(this.key(id), payload); }
  async find(id) { return rows.get(this.key(id)); }
  async findByUserCode() { return undefined; }
  async findByUid() { return undefined; }
  async consume(id) { rows.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { rows.delete(this.key(id)); }
  async revokeByGrantId() {}
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const registration = JSON.parse((await lines.next()).value);
const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  adapter: Memory,
  jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'signing-1', alg: 'ES256', use: 'sig' }] },
  clients: [{
    client_id: registration.client_id,
    redirect_uris: [registration.redirect_uri],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    id_token_signed_response_alg: 'ES256',
    jwks: { keys: [registration.jwk] },
  }],
  claims: { openid: ['sub'], name: ['name'], address: ['address'], birthdate: ['birthdate'], gender: ['gender'] },
  enabledJWA: { clientAuthSigningAlgValues: ['ES256'], idTokenSigningAlgValues: ['ES256'] },
  features: { devInteractions: { enabled: false }, pushedAuthorizationRequests: { enabled: true } },
  pkce: { required: () => true },
  ttl: { AuthorizationCode: 600, AccessToken: 600, IdToken: 300, Grant: 600 },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: '見本 花子', address: '東京都千代田区霞が関1-2-3', birthdate: '19850315', gender: '2' }),
  }),
});
server.on('request', provider.callback());
console.log(JSON.stringify({ issuer }));

const client = await provider.Client.find(registration.client_id);
for await (const line of lines) {
  const codes = [];
  for (let made = 0; made < Number(line); made += 1) {
    const grant = new provider.Grant({ accountId: ACCOUNT, clientId: client.clientId });
    grant.addOIDCScope(SCOPE);
    const code = new provider.AuthorizationCode({
      accountId: ACCOUNT,
      authTime: Math.floor(Date.now() / 1000),
      client,
      codeChallenge: registration.code_challenge,
      codeChallengeMethod: 'S256',
      grantId: await grant.save(),
      nonce: registration.nonce,
      redirectUri: registration.redirect_uri,
      scope: SCOPE,
    });
    codes.push(await code.save());
  }
  console.log(JSON.stringify(codes));
}
process.exit(0);
