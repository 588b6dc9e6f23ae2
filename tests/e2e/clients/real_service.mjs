// A relying party as they are written for the Digital Agency's service, with nothing but what Node.js has: the paths are that
// service's, the assertion's audience is the token endpoint's address, the address is one string. The base URL alone
// comes from outside.
import { createHash, createPrivateKey, createPublicKey, randomUUID, sign, verify } from 'node:crypto';
import { createInterface } from 'node:readline/promises';

const settings = JSON.parse(process.env.AKASHI_CLIENT);
const BASE_URL = settings.base_url; // 'https://auth-and-sign.go.jp'
const ISSUER = `${BASE_URL}/api/realms/main`;
const AUTHORIZE = `${ISSUER}/protocol/openid-connect/auth`;
const TOKEN = `${ISSUER}/protocol/openid-connect/token`;
const USERINFO = `${ISSUER}/protocol/openid-connect/userinfo`;
const CERTS = `${ISSUER}/protocol/openid-connect/certs`;

const check = (holds, what) => {
  if (!holds) {
    throw new Error(what);
  }
};
const base64url = (text) => Buffer.from(text).toString('base64url');
const decoded = (text) => JSON.parse(Buffer.from(text, 'base64url'));

function assertion() {
  const now = Math.floor(Date.now() / 1000);
  const header = base64url(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid: settings.kid }));
  const claims = base64url(
    JSON.stringify({ iss: settings.client_id, sub: settings.client_id, aud: TOKEN, jti: randomUUID(), iat: now, exp: now + 5 }),
  );
  const key = createPrivateKey({ key: Buffer.from(settings.pkcs8, 'base64'), format: 'der', type: 'pkcs8' });
  const signature = sign('sha256', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' });
  return `${header}.${claims}.${signature.toString('base64url')}`;
}

const verifier = base64url(createHash('sha256').update(randomUUID()).digest());
const state = randomUUID();
const nonce = randomUUID();
const query = new URLSearchParams({
  response_type: 'code',
  scope: settings.scope,
  client_id: settings.client_id,
  redirect_uri: settings.redirect_uri,
  state,
  nonce,
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
});
console.log(`AUTHORIZE ${AUTHORIZE}?${query}`);

const input = createInterface({ input: process.stdin });
const back = new URL((await input[Symbol.asyncIterator]().next()).value);
check(back.searchParams.get('state') === state, 'state');
const redeemed = await fetch(TOKEN, {
  method: 'POST',
  body: new URLSearchParams({
    grant_type: 'authorization_code',
    code: back.searchParams.get('code'),
    redirect_uri: settings.redirect_uri,
    client_id: settings.client_id,
    code_verifier: verifier,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion(),
  }),
});
const tokens = await redeemed.json();
check(redeemed.status === 200, JSON.stringify(tokens));

const [header, payload, signature] = tokens.id_token.split('.');
const { keys } = await (await fetch(CERTS)).json();
const jwk = keys.find((key) => key.kid === decoded(header).kid);
const key = createPublicKey({ key: jwk, format: 'jwk' });
const signed = Buffer.from(`${header}.${payload}`);
check(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')), 'signature');
const claims = decoded(payload);
check(claims.iss === ISSUER && claims.aud === settings.client_id && claims.nonce === nonce, 'claims');
const hash = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16);
check(claims.at_hash === hash.toString('base64url'), 'at_hash');

const told = await fetch(USERINFO, { headers: { authorization: `Bearer ${tokens.access_token}` } });
const userinfo = await told.json();
check(userinfo.sub === claims.sub, 'sub');
console.log(`RESULT ${JSON.stringify({ claims, userinfo })}`);
input.close();
