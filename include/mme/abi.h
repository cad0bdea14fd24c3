/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What crosses the border between the BPF programs and the agent: map keys, map values, enumerations.
 * Enumerations only grow at their end. */
#ifndef MME_ABI_H
#define MME_ABI_H

#include "limits.h"
#include "platform.h"

enum mme_role {
	MME_ROLE_NONE = 0,	 /* not decided yet */
	MME_ROLE_ENTRYPOINT = 1, /* accepted by Traefik */
	MME_ROLE_UPSTREAM = 2,	 /* opened by Traefik */
	MME_ROLE_MONGOD = 3,	 /* accepted by mongod */
	MME_ROLE_FOREIGN = 4,	 /* decided: not ours */
};

enum mme_family {
	MME_FAMILY_ENTRYPOINT = 0,
	MME_FAMILY_UPSTREAM = 1,
	MME_FAMILY_MONGO = 2,
	MME_FAMILIES = 3,
};

enum mme_protocol {
	MME_PROTOCOL_HTTP = 0,
	MME_PROTOCOL_MONGO = 1,
	MME_PROTOCOLS = 2,
};

/* The closed set of Traefik's `method` label. */
enum mme_http_method {
	MME_METHOD_EXTENSION = 0,
	MME_METHOD_GET,
	MME_METHOD_HEAD,
	MME_METHOD_POST,
	MME_METHOD_PUT,
	MME_METHOD_DELETE,
	MME_METHOD_CONNECT,
	MME_METHOD_OPTIONS,
	MME_METHOD_TRACE,
	MME_METHOD_PATCH,
	MME_METHOD_PRI,
	MME_METHODS,
};

/* The closed set of Traefik's `protocol` label. */
enum mme_http_protocol {
	MME_HTTP_PLAIN = 0,
	MME_HTTP_WEBSOCKET,
	MME_HTTP_SSE,
	MME_HTTP_GRPC,
	MME_HTTP_GRPC_WEB,
	MME_HTTP_PROTOCOLS,
};

/* Of struct mme_series_key's `route`: what is no id of the agent's. */
enum mme_route {
	MME_ROUTE_NONE = 0,	    /* nobody asked: the port has no rules */
	MME_ROUTE_OWN = 1,	    /* upstream: Traefik's own request, a health check */
	MME_ROUTE_OTHER = 0xfffd,   /* of many routes: the family is almost full */
	MME_ROUTE_UNKNOWN = 0xfffe, /* asked, but the question was lost */
	MME_ROUTE_ASKED = 0xffff,   /* the agent decides; never in a series */
};

enum mme_mongo_outcome { MME_OUTCOME_OK = 0, MME_OUTCOME_ERROR = 1 };

/* The other end of a connection to a mongod, as far as it has told by now. */
enum mme_mongo_peer {
	MME_PEER_CLIENT = 0,
	MME_PEER_INTERNAL, /* its handshake has `internalClient`: a member of the replica set, or a mongos */
	MME_PEER_MEMBER,   /* it has sent what only members send */
};

/* Why bytes or messages were not understood; the label `reason` of mme_agent_{bytes,messages}_skipped_total. */
enum mme_skip {
	MME_SKIP_UNSYNCED = 0,	 /* before the first message start that could be recognised */
	MME_SKIP_GAP,		 /* a hole in the stream that was never filled */
	MME_SKIP_REORDER,	 /* out of order beyond what is kept for reassembly */
	MME_SKIP_DUPLICATE,	 /* seen before: retransmits, keep-alive probes */
	MME_SKIP_OUT_OF_WINDOW,	 /* far from the expected sequence number: TCP rejects it too */
	MME_SKIP_REJECTED,	 /* parsed, then found to have been rejected by TCP */
	MME_SKIP_MALFORMED,	 /* not the protocol, or a broken message */
	MME_SKIP_TLS,		 /* a TLS record where a message should start */
	MME_SKIP_HTTP2,		 /* the HTTP/2 connection preface */
	MME_SKIP_UPGRADED,	 /* after a 101 or a CONNECT: another protocol */
	MME_SKIP_URGENT,	 /* TCP urgent data shifts the stream */
	MME_SKIP_HEAD_TOO_LONG,	 /* an HTTP head over MME_HTTP_HEAD_BYTES */
	MME_SKIP_BUDGET,	 /* more messages in one segment than one run may handle */
	MME_SKIP_SCRATCH,	 /* every scratch buffer of this CPU was taken */
	MME_SKIP_CONNECTION_CAP, /* more connections than limits.connections */
	MME_SKIP_NO_REQUEST,	 /* a reply without a request that was seen */
	MME_SKIP_NO_REPLY,	 /* a request whose connection closed before its reply */
	MME_SKIP_PENDING_FULL,	 /* no room to remember the request; one that is evicted gives no_request */
	MME_SKIP_HEADERS,	 /* IP options or extension headers that are not followed */
	MME_SKIP_INTERNAL,	 /* a helper failed where it cannot */
	MME_SKIPS,
};

/* One series: the labels of an exchange, as the kernel knows them. */
struct mme_series_key {
	__u16 target; /* id that the agent gave to the observed process */
	__u8 family;  /* enum mme_family */
	__u8 variant; /* HTTP: enum mme_http_protocol; MongoDB: enum mme_mongo_outcome */
	__u16 code;   /* HTTP: status; MongoDB: command, an index into mme_mongo_commands */
	__u16 port;   /* entrypoint: local port; upstream: the server's port; host order */
	__u8 method;  /* HTTP: enum mme_http_method; MongoDB: enum mme_mongo_peer */
	__u8 other;   /* 1: the family's `_other` series, all else 0 */
	__u16 route;  /* entrypoint: where Traefik sends it, an id that the agent gave, or enum mme_route;
			 upstream: MME_ROUTE_NONE or MME_ROUTE_OWN */
	__u8 pad[4];
	__u64 name[2]; /* upstream: the server's address, IPv4 as ::ffff:a.b.c.d; MongoDB: hashes of database and
			  collection */
};
MME_ASSERT_SIZE(struct mme_series_key, 32);

/* One shard of one series' histogram. Counters only grow. */
struct mme_histogram {
	__u64 sum_ns;
	__u64 request_bytes; /* HTTP: bodies; MongoDB: messages */
	__u64 response_bytes;
	/* both may wrap, the agent reads differences */
	__u32 bounds[MME_BOUNDS_MAX +
		     1]; /* exact counts by configured bound, not cumulative; the last used one is +Inf */
	__u32 buckets[MME_BUCKETS + 2]; /* by mme_bucket_index() */
	__u32 pad;
};
MME_ASSERT_SIZE(struct mme_histogram, 24 + 4 * 21 + 4 * 218 + 4);

/* Where user space finds the key of a histogram slot. Written once by the CPU that created the series. */
enum mme_series_state {
	MME_SERIES_NONE = 0,
	MME_SERIES_LIVE,     /* the key is valid */
	MME_SERIES_RETIRING, /* and no program counts in the slot any more */
};

struct mme_series_entry {
	struct mme_series_key key;
	__u32 ready; /* enum mme_series_state */
	__u32 pad;
};
MME_ASSERT_SIZE(struct mme_series_entry, 40);

/* A name seen on the wire, found by its 64-bit hash. */
struct mme_name {
	__u16 length; /* bytes of the whole name, may exceed MME_NAME_BYTES */
	char text[MME_NAME_BYTES];
	__u8 pad[6];
};
MME_ASSERT_SIZE(struct mme_name, 128);

/* What the agent fixes before the programs are loaded (rodata). */
struct mme_settings {
	__u64 bounds_ns[MME_BOUNDS_MAX]; /* ascending */
	__u32 bounds;
	__u32 shard_mask; /* histogram shards - 1, a power of two less one */
	__u32 slots;	  /* histogram slots of one shard: MME_FAMILIES * (series_per_family + 1) */
	__u32 series_per_family;
	__u32 connections; /* tracked at most */
	__u32 pad;
};

/* A port on which an observed process listens. */
struct mme_listener_key {
	__u64 cgroup_id;
	__u16 port; /* host order */
	__u8 pad[6];
};

/* An entrypoint of an observed process. */
struct mme_port_key {
	__u16 target;
	__u16 port; /* host order */
};

struct mme_listener {
	__u16 target;
	__u8 role; /* enum mme_role */
	__u8 pad[5];
};

/* An observed process's cgroup, for sockets whose port decides nothing. */
struct mme_cgroup {
	__u16 target;
	__u8 exclusive;	  /* only this target's processes live here */
	__u8 server_role; /* the role of what is accepted here */
	__u8 client_role; /* the role of what is opened from here, MME_ROLE_NONE for mongod */
	__u8 pad[3];
};

/* Filters out foreign sockets before any other look-up. */
struct mme_ports {
	__u32 shared; /* a hook is attached to a cgroup that foreign processes share */
	__u32 pad;
	__u64 listening[1024]; /* bit per port: some observed process listens on it */
	__u64 mongod[1024];    /* bit per port: it is a mongod */
};

struct mme_account {
	__u64 bytes_seen;
	__u64 bytes_parsed;
	__u64 bytes_skipped[MME_SKIPS];
	__u64 messages_skipped[MME_SKIPS];
};

/* The other side of connections: a server to which Traefik connects; of accepted ones, all clients of a port. */
struct mme_link_key {
	__u16 target;
	__u16 port; /* upstream: the server's; else local; host order */
	__u8 role;  /* enum mme_role */
	__u8 pad[3];
	__u64 address[2]; /* upstream: the server's, as in struct mme_series_key; else 0 */
};
MME_ASSERT_SIZE(struct mme_link_key, 24);

/* A connection with requests on it that are not answered yet; or any to a mongod. */
struct mme_in_flight {
	struct mme_link_key link; /* to a mongod: with the client's address */
	__u32 requests;
	__u8 works; /* to a mongod: 1 when more than handshakes came; a driver watches the server by others */
	__u8 peer;  /* to a mongod: enum mme_mongo_peer */
	__u8 pad[2];
	__u64 cookie; /* to a mongod: of the socket */
};
MME_ASSERT_SIZE(struct mme_in_flight, 40);

enum mme_connect_failure {
	MME_CONNECT_REFUSED = 0,    /* by a reset */
	MME_CONNECT_UNANSWERED = 1, /* given up without an answer */
	MME_CONNECT_FAILURES,
};

enum mme_abort {
	MME_ABORT_BEFORE_REPLY = 0, /* the connection ended with a request outstanding, */
	MME_ABORT_IN_REPLY = 1,	    /* or in the middle of its reply */
	MME_ABORTS,
};

/* What TCP says of a link. Counters only grow. */
struct mme_link {
	__u64 connect_us; /* sum of set-up times */
	__u64 rtt_us;	  /* sum of smoothed round trip times, each connection's at its start and end */
	__u64 retransmits;
	__u32 connects[MME_NETWORK_BOUNDS + 1]; /* by mme_network_bound_index(), not cumulative */
	__u32 rtts[MME_NETWORK_BOUNDS + 1];
	__u32 failures[MME_CONNECT_FAILURES];
	__u32 aborted[MME_ABORTS];
	__u32 last_failed; /* 1: the latest attempt to connect */
	__u32 pad;
};
MME_ASSERT_SIZE(struct mme_link, 24 + 2 * 4 * 13 + 24);

/* Of the exchanges of a link whose reply came in several segments, by mme_bound_index(): when it began, and when it
 * ended. All other replies began when they ended. Counters only grow. */
struct mme_first_bytes {
	__u64 first_ns; /* sums */
	__u64 last_ns;
	__u32 first[MME_BOUNDS_MAX + 1]; /* not cumulative */
	__u32 last[MME_BOUNDS_MAX + 1];
};
MME_ASSERT_SIZE(struct mme_first_bytes, 16 + 2 * 4 * 21);

/* Of one command, and of the cursors that it opened. Counters only grow. */
struct mme_mongo_counts {
	__u64 awaited;
	__u64 unacknowledged;
	__u64 cursors_opened; /* by a reply that does not bring everything */
	__u64 cursors_exhausted;
	__u64 cursors_killed; /* killCursors: of whatever command */
	__u64 documents;      /* in batches, the first one included */
	__u64 bytes;	      /* of the replies that bring batches */
};

/* What a reply says of a cursor. */
enum mme_cursor_flag {
	MME_CURSOR_BATCH = 1 << 0,     /* it brings documents, perhaps none */
	MME_CURSOR_CONTINUED = 1 << 1, /* and not the first of them */
	MME_CURSOR_OPEN = 1 << 2,      /* nor the last */
	MME_CURSOR_KILLED = 1 << 3,    /* it tells how many were killed */
};

/* A cursor that is open, by its id. */
struct mme_cursor {
	__u8 command; /* enum mme_mongo_command that opened it */
	__u8 awaits;  /* 1: its getMores may wait for data (tailable with awaitData, change streams) */
};

/* Where a reply tells of an error (https://www.mongodb.com/docs/manual/reference/method/db.runCommand/#response). */
enum mme_mongo_error_kind {
	MME_MONGO_ERROR_COMMAND = 0,   /* ok: 0 */
	MME_MONGO_ERROR_WRITE,	       /* writeErrors, of which the first one's code counts */
	MME_MONGO_ERROR_WRITE_CONCERN, /* writeConcernError */
	MME_MONGO_ERROR_KINDS,
};

struct mme_mongo_error_key {
	__u16 target;
	__u16 command;
	__u32 code;
	__u8 kind;	  /* enum mme_mongo_error_kind */
	__u8 replication; /* 1: see mme_mongo_is_replication() */
	__u8 pad[6];
};

#define MME_ROUTE_BYTES 64	  /* of a path, or a host, that are kept; a power of two */
#define MME_ROUTE_HEAD_BYTES 1024 /* of a request's head that the agent is shown */

/* Key of a longest-prefix match: the literals of a port's rules. */
struct mme_route_prefix {
	__u32 prefix_bits; /* of what follows */
	__u16 target;
	__u16 port; /* host order */
	__u8 path[MME_ROUTE_BYTES];
};

enum mme_route_rule_flag {
	MME_ROUTE_BY_HOST = 1 << 0, /* some rule of the port looks at the host */
	MME_ROUTE_BY_HEAD = 1 << 1, /* some rule looks at more than method, host and path */
};

/* A literal of a port's rules. Every port with rules has the empty one. */
struct mme_route_literal {
	__u32 number; /* never given twice */
	__u16 bytes;
	__u8 flags; /* enum mme_route_rule_flag, of the port */
	__u8 pad;
};

/* Requests that every rule treats alike. */
struct mme_route_class {
	__u64 host; /* a hash; 0 where no rule looks at it */
	__u32 literal;
	__u8 exact;  /* the path is the literal */
	__u8 method; /* enum mme_http_method */
	__u16 pad;
};
MME_ASSERT_SIZE(struct mme_route_class, 16);

enum mme_event_type {
	MME_EVENT_QUESTION = 1, /* struct mme_route_question */
	MME_EVENT_EXCHANGE =
	    2,		   /* struct mme_route_exchange: it was asked for, and is in no histogram of the kernel's */
	MME_EVENT_LEG = 3, /* struct mme_route_exchange, of the legs map: to be joined */
};

/* Where does this request go? The request is known by (cookie, ordinal) until its exchange ends. */
struct mme_route_question {
	__u32 type; /* enum mme_event_type */
	__u16 ordinal;
	__u16 target;
	__u64 cookie; /* of the socket */
	struct mme_route_class kind;
	__u64 client[2]; /* address, IPv4 as ::ffff:a.b.c.d, network order */
	__u16 port;
	__u16 path_bytes; /* as in struct mme_route_head */
	__u16 host_bytes;
	__u8 flags;	  /* enum mme_route_flag */
	__u8 method;	  /* enum mme_http_method */
	__u32 head_bytes; /* of the request's first bytes that follow this struct; 0: there are none */
	__u32 pad;
	__u8 path[MME_ROUTE_BYTES];
	__u8 host[MME_ROUTE_BYTES];
};
MME_ASSERT_SIZE(struct mme_route_question, 192);

/* An exchange of HTTP has ended. */
struct mme_route_exchange {
	__u32 type;    /* enum mme_event_type */
	__u16 ordinal; /* with `cookie`: as in its question; of a leg both 0 */
	__u16 pad;
	__u64 cookie;
	struct mme_series_key key; /* what was asked for has the route MME_ROUTE_ASKED */
	__u64 ended_ns;		   /* CLOCK_MONOTONIC */
	__u64 duration_ns;
	__u64 request_bytes;
	__u64 response_bytes;
};
MME_ASSERT_SIZE(struct mme_route_exchange, 80);

/* Why the agent is not told of an exchange of MongoDB, or not what is in its messages. */
enum mme_lost { MME_LOST_RING_FULL, MME_LOST_NO_CAPTURE, MME_LOST_REASONS };

/* Why the agent is told of an exchange of MongoDB. */
enum mme_told {
	MME_TOLD_SLOW = 1 << 0,
	MME_TOLD_COMPRESSED = 1 << 1, /* it is in no histogram of the kernel's */
	MME_TOLD_HELLO = 1 << 2,
	MME_TOLD_UNANSWERED = 1 << 3, /* with COMPRESSED: the next request came, or the end, and no reply */
	MME_TOLD_PIECE = 1 << 4,      /* alone: struct mme_piece; the exchange follows when it has ended */
	MME_TOLD_STREAMED = 1 << 5,   /* with COMPRESSED or HELLO: a further reply to a request told before */
};

/* An exchange of MongoDB has ended. */
struct mme_mongo_exchange {
	struct mme_series_key key;
	__u64 cookie;	/* of the socket */
	__u64 ended_ns; /* CLOCK_MONOTONIC */
	__u64 duration_ns;
	__u64 first_byte_ns; /* from the request's first byte to the reply's; 0: not known */
	__u64 request_bytes;
	__u64 response_bytes;
	__u64 client[2]; /* address, IPv4 as ::ffff:a.b.c.d, network order */
	__u16 client_port;
	__u8 why;    /* enum mme_told */
	__u8 errors; /* bits by enum mme_mongo_error_kind, */
	__u32 error_codes[MME_MONGO_ERROR_KINDS];
	__u32 request_kept; /* bytes that follow in the ring: of the whole message, header included; 0: none */
	__u32 reply_kept;   /* and behind these, of the reply */
	__u32 documents;    /* from here on as in struct mme_sample; not known where the request was compressed */
	__u8 cursor;	    /* enum mme_cursor_flag */
	__u8 origin;	    /* of a cursor: enum mme_mongo_command that opened it */
	__u8 pad[2];
	__u64 cursor_id;
};
MME_ASSERT_SIZE(struct mme_mongo_exchange, 136);

/* The first bytes of the messages of a connection's latest exchange. */
struct mme_capture {
	__u64 started_ns;
	__u64 replied_ns;    /* 0: the reply has not begun */
	__u32 pieces_wanted; /* bytes of the request that are to be told as they come */
	__u32 pad;
	struct mme_mongo_exchange exchange; /* with as much as is kept of its messages it goes to the ring */
	__u8 request[MME_CAPTURE_REQUEST_BYTES];
	__u8 reply[MME_CAPTURE_REPLY_BYTES]; /* begins where what is kept of the request ends */
};
MME_ASSERT_SIZE(struct mme_capture, 24 + 136 + 1024 + 512);

/* Of a request whose first bytes do not tell all: the next ones, behind those of struct mme_capture. Of `exchange`
 * only cookie, why, request_kept and cursor_id, which here is the requestID, say something. */
struct mme_piece {
	struct mme_mongo_exchange exchange;
	__u8 data[MME_PIECE_BYTES];
};

/* Stands for every error code that found no room in its map. */
#define MME_ERROR_CODE_OVERFLOW 0xffffffffu

#endif
