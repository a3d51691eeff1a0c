// SPDX-License-Identifier: PostgreSQL
//
// An S3 server on loopback: node s3.js PACKAGES DIRECTORY
//
// It is s3rver, which keeps objects as files, behind a proxy that does what
// s3rver does not:
//
//   - it verifies each request's signature, from Amazon's specification
//     (Signature Version 4, "Create a signed AWS API request"), the SHA-256 and
//     the MD5 of its body, and its date
//   - it knows the uploads that have not ended, and their parts, and names an
//     object made of parts as Amazon does
//   - lists come in pages of three, parts in pages of two
//   - it fails as DIRECTORY/faults says, one rule a line, each as often as it
//     says: TIMES WHAT REGEX, where WHAT is a status, "drop" (the connection,
//     before anything is done), "lose" (the answer), "cut" (it, in the
//     middle), "spoil" (a byte of the body on its way), "stall"
//
// DIRECTORY/port gets its port, DIRECTORY/log a line for each request:
// METHOD URL STATUS.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');

const [packages, directory] = process.argv.slice(2);
const S3rver = require(path.join(packages, 's3rver'));

const keys = { AKTEST: 'secret/of+the:test' };
const uploads = new Map(); // id: { key, parts }
const etags = new Map(); // key: that of an object made of parts

const hash = (algorithm, data) =>
  crypto.createHash(algorithm).update(data).digest();
const hmac = (key, data) =>
  crypto.createHmac('sha256', key).update(data).digest();
const encode = text =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    c => '%' + c.charCodeAt(0).toString(16).toUpperCase(),
  );

class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

// --- signatures -----------------------------------------------------------------

function canonicalQuery(query) {
  return query
    .split('&')
    .filter(Boolean)
    .map(pair => {
      const at = pair.indexOf('=');
      const name = at < 0 ? pair : pair.slice(0, at);
      const value = at < 0 ? '' : pair.slice(at + 1);
      return `${encode(decodeURIComponent(name))}=${encode(
        decodeURIComponent(value),
      )}`;
    })
    .sort()
    .join('&');
}

function verify(req, body) {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/.exec(
      req.headers.authorization || '',
    );
  if (!match) {
    throw new Refusal(403, 'AccessDenied', 'not signed');
  }
  const [, key, day, region, signed, signature] = match;
  const date = req.headers['x-amz-date'];
  const payload = req.headers['x-amz-content-sha256'];
  const names = signed.split(';');

  if (!keys[key]) {
    throw new Refusal(403, 'InvalidAccessKeyId', 'no such key');
  }
  if (region !== 'eu-test-1') {
    throw new Refusal(400, 'AuthorizationHeaderMalformed', 'another region');
  }
  for (const name of Object.keys(req.headers)) {
    const must = name === 'host' || name.startsWith('x-amz-');
    if (must && !names.includes(name)) {
      throw new Refusal(403, 'AccessDenied', `${name} is not signed`);
    }
  }
  const [file, query] = [req.url.split('?')[0], req.url.split('?')[1] || ''];
  const canonical = [
    req.method,
    file.split('/').map(p => encode(decodeURIComponent(p))).join('/'),
    canonicalQuery(query),
    ...[...names].sort().map(
      n => `${n}:${(req.headers[n] || '').trim().replace(/ +/g, ' ')}`,
    ),
    '',
    [...names].sort().join(';'),
    payload,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope,
    hash('sha256', canonical).toString('hex')].join('\n');
  let secret = hmac('AWS4' + keys[key], day);
  for (const part of [region, 's3', 'aws4_request']) {
    secret = hmac(secret, part);
  }
  if (hmac(secret, text).toString('hex') !== signature) {
    throw new Refusal(403, 'SignatureDoesNotMatch',
      'The request signature we calculated does not match');
  }
  const seconds = Date.parse(date.replace(
    /^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z')) / 1000;
  if (!(Math.abs(seconds - Date.now() / 1000) < 900)) {
    throw new Refusal(403, 'RequestTimeTooSkewed', 'another time');
  }
  const token = req.headers['x-amz-security-token'];
  if (token !== undefined && token !== 'session') {
    throw new Refusal(400, 'ExpiredToken', 'The provided token has expired.');
  }
  if (hash('sha256', body).toString('hex') !== payload) {
    throw new Refusal(400, 'XAmzContentSHA256Mismatch', 'another body');
  }
  const md5 = req.headers['content-md5'];
  if (md5 && hash('md5', body).toString('base64') !== md5) {
    throw new Refusal(400, 'BadDigest', 'another body');
  }
  if (req.method === 'PUT' && !md5) {
    throw new Refusal(400, 'InvalidRequest', 'no Content-MD5');
  }
}

// --- faults ---------------------------------------------------------------------

const used = new Map();

function faultFor(what) {
  let rules = '';
  try {
    rules = fs.readFileSync(path.join(directory, 'faults'), 'utf8');
  } catch (e) {
    return null;
  }
  for (const rule of rules.split('\n').filter(Boolean)) {
    const [, times, fault, regex] = /^(\d+) (\S+) (.*)$/.exec(rule);
    const n = used.get(rule) || 0;
    if (n < Number(times) && new RegExp(regex).test(what)) {
      used.set(rule, n + 1);
      return fault;
    }
  }
  return null;
}

// --- uploads that have not ended ------------------------------------------------------

const xml = text => `<?xml version="1.0" encoding="UTF-8"?>\n${text}`;

function listUploads(prefix) {
  const all = [...uploads].filter(([, u]) => u.key.startsWith(prefix));
  return xml(
    `<ListMultipartUploadsResult>${all
      .map(([id, u]) => `<Upload><Key>${u.key}</Key><UploadId>${id}</UploadId></Upload>`)
      .join('')}<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>`,
  );
}

function listParts(upload, after) {
  const all = [...upload.parts.values()]
    .sort((a, b) => a.number - b.number)
    .filter(p => p.number > after);
  const page = all.slice(0, 2);
  const more = all.length > page.length;
  return xml(
    `<ListPartsResult><IsTruncated>${more}</IsTruncated>${
      more ? `<NextPartNumberMarker>${page[1].number}</NextPartNumberMarker>` : ''
    }${page
      .map(p => `<Part><PartNumber>${p.number}</PartNumber><ETag>&quot;${p.md5}&quot;</ETag><Size>${p.size}</Size></Part>`)
      .join('')}</ListPartsResult>`,
  );
}

// Three objects of a list, from those that come behind the token's.
function pageOf(list, token) {
  const rest = (list.match(/<Contents>.*?<\/Contents>/gs) || []).slice(
    Number(token));
  const page = rest.slice(0, 3);
  const next = rest.length > 3
    ? `<NextContinuationToken>${Number(token) + 3}</NextContinuationToken>`
    : '';
  return Buffer.from(xml(
    `<ListBucketResult>${next}${page.join('')}</ListBucketResult>`));
}

// What the proxy answers itself, or null.
function own(req, key, query) {
  const id = query.get('uploadId');
  if (req.method === 'GET' && key === '' && query.has('uploads')) {
    return [200, listUploads(query.get('prefix') || '')];
  }
  if (id === null) {
    return null;
  }
  if (!uploads.has(id) || uploads.get(id).key !== key) {
    throw new Refusal(404, 'NoSuchUpload', 'there is no such upload');
  }
  if (req.method === 'GET') {
    return [200, listParts(uploads.get(id),
      Number(query.get('part-number-marker') || 0))];
  }
  if (req.method === 'DELETE') {
    uploads.delete(id);
    return [204, ''];
  }
  return null;
}

function remember(req, key, query, body, answer) {
  const id = query.get('uploadId');
  if (req.method === 'POST' && query.has('uploads')) {
    const made = /<UploadId>(.*?)<\/UploadId>/.exec(answer.toString())[1];
    uploads.set(made, { key, parts: new Map() });
  } else if (req.method === 'PUT' && id !== null) {
    const number = Number(query.get('partNumber'));
    uploads.get(id).parts.set(number,
      { number, size: body.length, md5: hash('md5', body).toString('hex') });
  } else if (req.method === 'POST' && id !== null) {
    const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)</g)];
    const sums = numbers.map(([, n]) =>
      Buffer.from(uploads.get(id).parts.get(Number(n)).md5, 'hex'));
    etags.set(key, `"${hash('md5', Buffer.concat(sums)).toString('hex')}-${sums.length}"`);
    uploads.delete(id);
  } else if (req.method === 'PUT') {
    etags.delete(key);
  }
}

// --- the proxy ------------------------------------------------------------------------

const readAll = stream =>
  new Promise((resolve, reject) => {
    const parts = [];
    stream.on('data', p => parts.push(p));
    stream.on('end', () => resolve(Buffer.concat(parts)));
    stream.on('error', reject);
    stream.on('aborted', () => reject(new Error('aborted')));
  });

function forward(port, req, url, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': body.length };
    for (const name of ['range', 'content-type', 'content-md5']) {
      if (req.headers[name]) {
        headers[name] = req.headers[name];
      }
    }
    const out = http.request(
      { port, host: '127.0.0.1', method: req.method, path: url, headers },
      async res => resolve([res, await readAll(res)]),
    );
    out.on('error', reject);
    out.end(body);
  });
}

// The bucket may be in the host's name.
function pathStyle(req) {
  const bucket = /^([^.]+)\.localhost(:|$)/.exec(req.headers.host);
  return bucket ? `/${bucket[1]}${req.url}` : req.url;
}

async function answer(port, req, res) {
  const body = await readAll(req);
  const url = pathStyle(req);
  const [file, text] = [url.split('?')[0], url.split('?')[1] || ''];
  const query = new URLSearchParams(text);
  const key = decodeURIComponent(file.split('/').slice(2).join('/'));
  const fault = faultFor(`${req.method} ${url}`);

  if (fault === 'drop') {
    return req.socket.destroy();
  }
  if (fault === 'stall') {
    return undefined;
  }
  if (/^\d+$/.test(fault || '')) {
    throw new Refusal(Number(fault),
      fault === '507' ? 'XMinioStorageFull' : 'SlowDown', 'as it was told');
  }
  if (fault === 'spoil') {
    body[body.length >> 1] ^= 1;
  }
  verify(req, body);

  const mine = own(req, key, query);
  if (mine) {
    res.writeHead(mine[0], { 'content-length': Buffer.byteLength(mine[1]) });
    return res.end(mine[1]);
  }
  const token = query.get('continuation-token');
  query.delete('continuation-token');
  query.delete('max-keys'); // s3rver's own pages need an older node
  const [from, all] = await forward(port, req,
    query.has('list-type') ? `${file}?${query}` : url, body);
  const paged = query.has('list-type') && from.statusCode === 200;
  const bytes = paged ? pageOf(all.toString(), token || '') : all;
  if (from.statusCode < 300) {
    remember(req, key, query, body, bytes);
  }
  if (fault === 'lose') {
    return req.socket.destroy();
  }
  const headers = { ...from.headers };
  delete headers['transfer-encoding'];
  if (etags.has(key) && headers.etag) {
    headers.etag = etags.get(key);
  }
  if (req.method !== 'HEAD') {
    headers['content-length'] = bytes.length;
  }
  res.writeHead(from.statusCode, headers);
  if (fault === 'cut') {
    return res.write(bytes.subarray(0, bytes.length >> 1),
      () => req.socket.destroy());
  }
  return res.end(bytes);
}

async function main() {
  const s3rver = new S3rver({
    directory: path.join(directory, 'objects'),
    address: '127.0.0.1',
    port: 0,
    silent: true,
    configureBuckets: [{ name: 'backups' }],
  });
  const { port } = await s3rver.run();
  const proxy = http.createServer((req, res) => {
    answer(port, req, res)
      .catch(e => {
        if (res.headersSent || req.socket.destroyed) {
          return;
        }
        const body = req.method === 'HEAD' ? '' : xml(
          `<Error><Code>${e.code || 'InternalError'}</Code><Message>${
            e.message}</Message></Error>`);
        res.writeHead(e.status || 500);
        res.end(body);
      })
      .finally(() =>
        fs.appendFileSync(path.join(directory, 'log'),
          `${req.method} ${req.url} ${res.headersSent ? res.statusCode : '-'}\n`));
  });
  proxy.listen(0, '127.0.0.1', () => {
    fs.writeFileSync(path.join(directory, 'port.new'),
      String(proxy.address().port));
    fs.renameSync(path.join(directory, 'port.new'),
      path.join(directory, 'port'));
  });
}

main().catch(e => {
  console.error(e);
  process.exit(1);
});
