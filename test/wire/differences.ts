/** Where Node's parser takes what ours refuses, each with the reason, and the one case of the reverse. What is not here is a defect of one of them. */

export interface Difference {
  readonly cause: string
  /** Matches the parser's detail. */
  readonly detail: RegExp
  readonly why: string
}

export const stricter: readonly Difference[] = [
  {
    cause: 'request_line_bad',
    detail: /^empty target$|^byte 0x20 in the version$/,
    why: 'RFC 9112 §3 has single spaces between the parts; Node takes several.',
  },
  {
    cause: 'request_line_bad',
    detail: /^the line ends within the method$/,
    why: 'RFC 9112 §2.2 asks for one empty line before a request to be passed over; Node passes over any number.',
  },
  {
    cause: 'request_line_bad',
    detail: /^the line ends within the target$/,
    why: 'Node reads a line without a version as HTTP/0.9, which had no fields and is not spoken here.',
  },
  {
    cause: 'line_ending_bad',
    detail: /^CR without LF before the request$|^request line: (LF without CR|CR without LF)$/,
    why: 'Node passes over bare CR and LF before a request; a line ends with CRLF and nothing else here.',
  },
  {
    cause: 'version_unsupported',
    detail: /^HTTP\/(0\.9|2\.0)$/,
    why: 'Node knows these two by name and reads them as if they were HTTP/1; their messages are not of this form.',
  },
  {
    cause: 'target_bad',
    detail: /^byte 0x(22|23|3c|3e|5c) in the target$/,
    why: 'RFC 3986 has none of these characters in a URI, and servers differ on the fragment and the backslash.',
  },
  {
    cause: 'target_bad',
    detail: /^CONNECT needs host:port$|^asterisk-form is for OPTIONS only$|^neither a path nor an http URI$/,
    why: 'Node checks the characters of a target, not that its form fits the method (RFC 9112 §3.2).',
  },
  {
    cause: 'target_bad',
    detail: /^no valid host in the absolute URI$/,
    why: 'Node leaves the authority of an absolute URI to the application; here requests are routed by it.',
  },
  {
    cause: 'host_bad',
    detail: /^Host is not a host$|^empty Host$/,
    why: 'RFC 9112 §3.2 has a server answer 400 to an invalid Host; Node only sees that there is one.',
  },
  {
    cause: 'host_bad',
    detail: /^no Host$/,
    why: 'Node checks this apart from its parser; the server is asked not to, as it would go on with the next request.',
  },
  {
    cause: 'host_bad',
    detail: /^more than one Host$/,
    why: 'RFC 9112 §3.2 has a server answer 400 to several Host lines; Node takes the first.',
  },
  {
    cause: 'expectation_unknown',
    detail: /./,
    why: 'Node leaves it to a checkExpectation listener to answer 417, as we do with this cause.',
  },
  {
    cause: 'transfer_encoding_bad',
    detail: /^Transfer-Encoding in HTTP\/1\.0$/,
    why: 'RFC 9112 §6.1 has the framing of such a message treated as faulty.',
  },
  {
    cause: 'transfer_encoding_bad',
    detail: /^chunked is not the last coding$/,
    why: 'Node does not look at the framing of a request with Upgrade (RFC 9112 §6.3: 400).',
  },
  {
    cause: 'transfer_encoding_bad',
    detail: /^an empty coding$/,
    why: 'Node takes some empty list elements and refuses others; all are refused here.',
  },
  {
    cause: 'transfer_encoding_unknown',
    detail: /./,
    why: 'Node hands the content on in a coding that it does not undo; a gateway that does so frames it wrongly.',
  },
  {
    cause: 'chunk_bad',
    detail: /^chunk size too large$/,
    why: 'Node takes any number of zeros before a chunk size.',
  },
  {
    cause: 'chunk_bad',
    detail: /^chunk extension$/,
    why: 'Node takes an extension with "=" and no value; RFC 9112 §7.1.1 does not.',
  },
  {
    cause: 'response_bad',
    detail: /^status line: byte 0x(0a|0d)$/,
    why: 'Node passes over empty lines before a response; only a server may do so with requests (RFC 9112 §2.2).',
  },
  {
    cause: 'response_bad',
    detail: /^status line: byte 0x[0-9a-f]{2}$/,
    why: 'Node takes HTTP/0.9 and HTTP/2.0 here too, and any byte in the reason.',
  },
  {
    cause: 'response_bad',
    detail: /^status \d+$/,
    why: 'RFC 9110 §15 has status codes from 100 to 599.',
  },
  {
    cause: 'response_bad',
    detail: /^Transfer-Encoding in HTTP\/1\.0$|^chunked more than once$|^an empty transfer coding$/,
    why: 'RFC 9112 §6.1 and §7.1: chunked once, and in HTTP/1.1 only; Node reads what it can.',
  },
  {
    cause: 'response_transfer_coding',
    detail: /./,
    why: 'Node hands the content on in a coding that it does not undo; a client would get it framed wrongly.',
  },
]

/**
 * Where Node refuses a response that ours takes: a field that frames a message stands in the trailer section. RFC 9110
 * §6.5.1 has it ignored there, so it is dropped; Node takes it for one of the head's.
 */
export const laxerTrailer: RegExp = /\r\n0+(?:;.*)?\r\n(?:.+\r\n)*(?:content-length|transfer-encoding):/i
