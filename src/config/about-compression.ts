/** A section of the reference that is more than a table: what Via does to compression, and how answers are compressed here. */
export const aboutCompression = `## Compression and Via

**What \`Via\` does to nginx.** Requests to servers say in \`Via\` that they came through a proxy (RFC 9110 §7.6.3). nginx
takes that as a reason to compress nothing: its \`gzip_proxied\` is \`off\` by default, and that means "not for requests with
Via". So a site that nginx compressed before sends plain text once it stands behind Headgate. There are three remedies:

- \`gzip_proxied any;\` in nginx, where you can change it. It is right whenever caches between heed \`Vary\`, as Headgate does.
- \`via: false\` of the pool. Another name (\`via: 'edge'\`) does not help, as nginx looks for the field alone. A \`Via\` that the
  client has sent, such as that of a proxy before Headgate, passes on all the same.
- \`compress: true\` of the route: then Headgate compresses what servers send as plain text.

Requests that come round in a circle are found in any case: where \`Via\` does not have the \`name\` of this proxy, requests
have it in \`CDN-Loop\` (RFC 8586), a field that no server answers differently for. Two Headgates in a row need names that
differ, as they have by default.

**\`compress\` of a route** compresses each answer on its way to a client that takes gzip, br or zstd: a 200 of one of the
\`types\`, not shorter than \`min\`, if its length is known. These pass as they came:

- what the server has compressed itself: it still gets Accept-Encoding, and may do the work;
- parts (206), and what is asked for with \`Range\`;
- what says \`no-transform\`, or has a digest (\`Content-Digest\`, \`Repr-Digest\`, \`Digest\`, \`Content-MD5\`) or trailers, and
  answers to requests that say \`no-transform\`;
- \`text/event-stream\`, unless \`types\` names it: each stream would hold its compressor as long as it lives.

All forms get \`Vary: Accept-Encoding\`. The compressed one has a weak ETag, no Content-Length and no ranges; HEAD tells the
same. With \`If-None-Match\` the server is asked for the strong form of a weak tag as well, and a 304 tells the tag that the
client has. \`If-Match\` with a weak tag never matches (RFC 9110 §13.1.1): leave clients that change files by it on a route
without \`compress\`.

What a server writes bit by bit appears bit by bit: when it pauses for 8 ms, all that has come is flushed. A client that
reads slowly slows down its server, and nothing piles up between. Levels are low (gzip 5, br 4, zstd 3, windows of
256 KiB and less), as somebody waits. Each thread compresses at most 64 answers at once, which take 1 to 2 MB each; beyond
them answers pass as they came.

**With a cache** the two go together. \`compress\` of \`cache\` says what becomes of stored answers: they are compressed once,
beside the plain form, and the first client gets that. Left out, it is as \`compress\` of the route. So \`compress: true\` on a
route that caches means all of its answers; with \`cache: { compress: false }\` stored ones go out as they are stored.`
