/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* MongoDB wire protocol framing (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/), one byte stream
 * at a time, cut anywhere: OP_MSG, OP_QUERY and OP_REPLY handshakes; OP_COMPRESSED is framed, not opened.
 *
 * Of a request's body document it understands the command, its collection and `$db`, and what makes the reply wait by
 * design (awaitable hello, awaitData, change streams); of a reply's, `ok` and `code`, the first code of `writeErrors`
 * and that of `writeConcernError`, the id of its cursor and the number of documents in its batch, and how many cursors
 * it says were killed. Everything else is passed over by its length. */
#ifndef MME_MONGO_H
#define MME_MONGO_H

#include "abi.h"
#include "cursor.h"
#include "mongo_commands.h"

enum mme_mongo_opcode {
	MME_OP_REPLY = 1,
	MME_OP_QUERY = 2004,
	MME_OP_COMPRESSED = 2012,
	MME_OP_MSG = 2013,
};

enum mme_mongo_phase {
	/* little-endian numbers of `number_size` bytes, gathered in `token` */
	MME_MONGO_START = 0, /* messageLength, requestID: 8 bytes */
	MME_MONGO_HEADER,    /* responseTo, opCode: 8 bytes */
	MME_MONGO_FLAGS,
	MME_MONGO_QUERY_FLAGS,
	MME_MONGO_QUERY_COUNTS,
	MME_MONGO_SEQUENCE_LENGTH,
	MME_MONGO_DOCUMENT_LENGTH,
	MME_MONGO_NESTED_LENGTH,
	MME_MONGO_VALUE_LENGTH,
	MME_MONGO_VALUE,
	/* single bytes */
	MME_MONGO_SECTION,
	MME_MONGO_TYPE,
	MME_MONGO_KEY,
	MME_MONGO_STRING,
	MME_MONGO_REGEX,
	MME_MONGO_QUERY_DATABASE,
	MME_MONGO_QUERY_COLLECTION,
	/* `value` bytes to pass over */
	MME_MONGO_SKIP,
};

enum mme_mongo_flag {
	MME_MONGO_IS_REPLY = 1 << 0,   /* set by the owner: this direction carries replies */
	MME_MONGO_HAS_CURSOR = 1 << 1, /* reply: it carries a batch of a cursor, or tells of killed ones */
	MME_MONGO_CHECKSUM = 1 << 2,
	MME_MONGO_MORE_TO_COME = 1 << 3,
	MME_MONGO_EXHAUST_ALLOWED = 1 << 4,
	MME_MONGO_AWAITED = 1 << 5,	 /* the server may hold the reply back on purpose */
	MME_MONGO_AWAIT_CURSOR = 1 << 6, /* getMores on the cursor that this opens may wait */
	MME_MONGO_ERROR = 1 << 7,	 /* reply: ok is 0 */
	MME_MONGO_LEGACY = 1 << 8,	 /* OP_QUERY, OP_REPLY: no sections */
	MME_MONGO_COMPRESSED = 1 << 9,
	MME_MONGO_BROKEN = 1 << 10, /* framed, but its content is no command that we understand */
	MME_MONGO_HAS_CODE = 1 << 11,
	MME_MONGO_OK_SEEN = 1 << 12,
	MME_MONGO_NOT_FIRST = 1 << 13,		 /* past the first element of the body */
	MME_MONGO_WRITE_ERROR = 1 << 14,	 /* reply: its writeErrors are not empty, */
	MME_MONGO_WRITE_CONCERN_ERROR = 1 << 15, /* a writeConcernError */
	/* reply: there is more behind its batch, under the id `cursor` */
	MME_MONGO_CURSOR_OPEN = MME_MONGO_AWAITED,
	/* request: the hello of another server */
	MME_MONGO_INTERNAL_CLIENT = MME_MONGO_WRITE_ERROR,
};

/* The nested value of a reply that was entered last. */
enum mme_mongo_inside {
	MME_INSIDE_ERRORS = 0,
	MME_INSIDE_CURSOR,
	MME_INSIDE_BATCH,  /* of that cursor, or behind it */
	MME_INSIDE_KILLED, /* cursorsKilled */
};

/* What the value being read is for. */
enum mme_mongo_want {
	MME_WANT_NOTHING = 0,
	MME_WANT_DATABASE,
	MME_WANT_COLLECTION,
	MME_WANT_CURSOR, /* getMore: the cursor id */
	MME_WANT_AWAIT_DATA,
	MME_WANT_OK,
	MME_WANT_CODE,
	MME_WANT_REPLY_CURSOR,
};

/* One direction of one connection. All zero but MME_MONGO_IS_REPLY is the start of a stream. */
struct mme_mongo {
	__u64 token; /* number, or hash of the key or string being read */
	union {
		__u64 cursor; /* request: cursor id of a getMore. Reply: see MME_MONGO_CURSOR_OPEN */
		struct {
			__u32 resume_left;	  /* while nested: `left` behind the nested value */
			__u32 write_concern_code; /* reply without an open cursor */
		};
	};
	__u32 length; /* messageLength */
	__u32 left;   /* bytes of the message still to come */
	__u32 value;  /* bytes of the value still to come */
	__u32 id;     /* request: requestID; reply: responseTo */
	union {
		__u32 code;	    /* reply: error code; where ok is 1, the first one of writeErrors, */
		__u32 documents;    /* or the documents of the batch, or the cursors that were killed */
		__u32 command_hash; /* request: low half of the hash of the command's lower-case name; 0: none */
	};
	__u8 command;	   /* reply: enum mme_mongo_command whose replies stream without requests, */
	__u8 origin;	   /* and the one that opened their cursor; the pairing's */
	__u16 flags;	   /* enum mme_mongo_flag */
	__u8 phase;	   /* enum mme_mongo_phase */
	__u8 type;	   /* BSON type of the value */
	__u8 want;	   /* enum mme_mongo_want */
	__u8 depth;	   /* 0 the body, 1 and 2 inside a nested value */
	__u8 number_bytes; /* bytes of the number gathered so far */
	__u8 next;	   /* the phase behind MME_MONGO_SKIP */
	__u8 reason;	   /* after MME_STEP_BAD: enum mme_skip */
	__u8 inside;	   /* reply: enum mme_mongo_inside */
};
MME_ASSERT_SIZE(struct mme_mongo, 48);

/* The names in a request: [0] database, [1] collection. Hashes are 0 where there is none. */
struct mme_mongo_names {
	__u64 hash[2];
	struct mme_name text[2];
	__u8 complete[2]; /* the text is whole (up to MME_NAME_BYTES) */
	__u8 pad[6];
};

#define MME_HASH_DOLLAR_DB 0xa1f20017bbd71e75ull
#define MME_HASH_COLLECTION 0x8011b8935e9f4f51ull
#define MME_HASH_MAX_TIME_MS 0x7353018f6f28e1fcull
#define MME_HASH_MAX_AWAIT_TIME_MS 0x66f7be6806c131bcull
#define MME_HASH_TOPOLOGY_VERSION 0x9d6008310e314a58ull
#define MME_HASH_INTERNAL_CLIENT 0xbfadcb82859973afull
#define MME_HASH_LOCAL 0x249f1fb6f3a680e8ull
#define MME_HASH_AWAIT_DATA 0xde72950099a10a0dull
#define MME_HASH_PIPELINE 0x343c11fd413aeee3ull
#define MME_HASH_CHANGE_STREAM 0x26e11463d81f8f67ull
#define MME_HASH_OK 0x08b05d07b5566befull
#define MME_HASH_CODE 0x0bb51791194b4414ull
#define MME_HASH_CURSOR 0xf927453fbe6252efull
#define MME_HASH_FIRST_BATCH 0xab27a0e94d17f207ull
#define MME_HASH_NEXT_BATCH 0x01a66d20dec584c0ull
#define MME_HASH_CURSORS_KILLED 0x0f28fe07da3d7ed5ull
#define MME_HASH_ID 0x08b72e07b55c3ac0ull
#define MME_HASH_WRITE_ERRORS 0x15594bf9b780ac1bull
#define MME_HASH_WRITE_CONCERN_ERROR 0x4cb5f0f5838d9feaull
#define MME_HASH_ZERO 0xaf63ad4c86019cafull

/* Low halves of the hashes of lower-case command names. */
#define MME_COMMAND_HASH_FIND 0xf030a91au
#define MME_COMMAND_HASH_AGGREGATE 0x509e87c8u
#define MME_COMMAND_HASH_GETMORE 0x70acf222u
#define MME_COMMAND_HASH_HELLO 0x80aabd0bu
#define MME_COMMAND_HASH_ISMASTER 0x93a9b883u

/* BSON types (https://bsonspec.org/spec.html) that are told apart. */
enum mme_bson {
	MME_BSON_DOUBLE = 0x01,
	MME_BSON_STRING = 0x02,
	MME_BSON_DOCUMENT = 0x03,
	MME_BSON_ARRAY = 0x04,
	MME_BSON_BINARY = 0x05,
	MME_BSON_BOOL = 0x08,
	MME_BSON_REGEX = 0x0b,
	MME_BSON_DBPOINTER = 0x0c,
	MME_BSON_INT32 = 0x10,
	MME_BSON_INT64 = 0x12,
};

MME_INLINE void mme_mongo_number(struct mme_mongo *p, __u8 phase)
{
	p->phase = phase;
	p->token = 0;
	p->number_bytes = 0;
}

/* The size of the number that `phase` reads. */
MME_INLINE __u32 mme_mongo_number_size(const struct mme_mongo *p)
{
	if (p->phase <= MME_MONGO_HEADER || p->phase == MME_MONGO_QUERY_COUNTS)
		return 8;
	return p->phase == MME_MONGO_VALUE ? p->value : 4;
}

/* Passes over `bytes`, then reads on in phase `next`. A value that is longer than its message ends with it. */
MME_INLINE void mme_mongo_pass(struct mme_mongo *p, __u32 bytes, __u8 next)
{
	if (bytes > p->left) {
		p->flags |= MME_MONGO_BROKEN;
		bytes = p->left;
	}
	mme_mongo_number(p, bytes ? (__u8)MME_MONGO_SKIP : next);
	p->value = bytes;
	p->next = next;
}

/* Nothing more of this message matters. */
MME_INLINE void mme_mongo_skip_rest(struct mme_mongo *p)
{
	p->depth = 0;
	mme_mongo_pass(p, p->left, MME_MONGO_SECTION);
}

MME_INLINE void mme_mongo_broken(struct mme_mongo *p)
{
	p->flags |= MME_MONGO_BROKEN;
	mme_mongo_skip_rest(p);
}

/* Leaves a nested value for what follows it. */
MME_INLINE void mme_mongo_leave(struct mme_mongo *p)
{
	p->depth = 0;
	if (p->resume_left > p->left)
		mme_mongo_broken(p);
	else
		mme_mongo_pass(p, p->left - p->resume_left, MME_MONGO_TYPE);
}

/* Bytes of a value of fixed size; -1: it begins with a length; -2: no BSON type. */
MME_INLINE int mme_bson_size(__u8 type)
{
	switch (type) {
	case MME_BSON_DOUBLE:
	case 0x09:
	case 0x11:
	case MME_BSON_INT64:
		return 8;
	case 0x06:
	case 0x0a:
	case 0x7f:
	case 0xff:
		return 0;
	case 0x07:
		return 12;
	case MME_BSON_BOOL:
		return 1;
	case MME_BSON_INT32:
		return 4;
	case 0x13:
		return 16;
	case MME_BSON_STRING:
	case MME_BSON_DOCUMENT:
	case MME_BSON_ARRAY:
	case MME_BSON_BINARY:
	case MME_BSON_DBPOINTER:
	case 0x0d:
	case 0x0e:
	case 0x0f:
		return -1;
	default:
		return -2;
	}
}

/* Decides what a request's element is for. Returns 1 when the value is nested and to be entered. */
MME_INLINE int mme_mongo_request_key(struct mme_mongo *p)
{
	const __u64 key = p->token;
	const int first = !(p->flags & MME_MONGO_NOT_FIRST);

	if (p->depth) { /* the first stage of a pipeline */
		if (p->depth == 2 && key == MME_HASH_CHANGE_STREAM)
			p->flags |= MME_MONGO_AWAIT_CURSOR;
		return p->depth == 1 && p->type == MME_BSON_DOCUMENT;
	}
	p->flags |= MME_MONGO_NOT_FIRST;
	if (first) {
		p->command_hash = (__u32)key;
		if (p->type == MME_BSON_STRING)
			p->want = MME_WANT_COLLECTION;
		else if (p->type == MME_BSON_INT64 && p->command_hash == MME_COMMAND_HASH_GETMORE)
			p->want = MME_WANT_CURSOR;
	} else if (key == MME_HASH_DOLLAR_DB) {
		if (p->type == MME_BSON_STRING)
			p->want = MME_WANT_DATABASE;
	} else if (p->command_hash == MME_COMMAND_HASH_GETMORE) {
		if (key == MME_HASH_COLLECTION && p->type == MME_BSON_STRING)
			p->want = MME_WANT_COLLECTION;
		else if (key == MME_HASH_MAX_TIME_MS)
			p->flags |= MME_MONGO_AWAITED; /* only allowed on awaitData cursors */
	} else if (p->command_hash == MME_COMMAND_HASH_HELLO || p->command_hash == MME_COMMAND_HASH_ISMASTER) {
		if (key == MME_HASH_MAX_AWAIT_TIME_MS || key == MME_HASH_TOPOLOGY_VERSION)
			p->flags |= MME_MONGO_AWAITED;
		else if (key == MME_HASH_INTERNAL_CLIENT && p->type == MME_BSON_DOCUMENT)
			p->flags |= MME_MONGO_INTERNAL_CLIENT;
	} else if (p->command_hash == MME_COMMAND_HASH_FIND) {
		if (key == MME_HASH_AWAIT_DATA && p->type == MME_BSON_BOOL)
			p->want = MME_WANT_AWAIT_DATA;
	} else if (p->command_hash == MME_COMMAND_HASH_AGGREGATE) {
		return key == MME_HASH_PIPELINE && p->type == MME_BSON_ARRAY;
	}
	return 0;
}

/* As mme_mongo_request_key(), inside of a cursor, its batch, or cursorsKilled. Documents of a batch are counted one by
 * one: nothing else in a reply tells their number. */
MME_INLINE int mme_mongo_cursor_key(struct mme_mongo *p)
{
	const __u64 key = p->token;

	if (p->depth == 2 || p->inside == MME_INSIDE_KILLED) {
		p->documents++;
		return 0;
	}
	if (key == MME_HASH_ID && p->type == MME_BSON_INT64)
		p->want = MME_WANT_REPLY_CURSOR;
	if ((key != MME_HASH_FIRST_BATCH && key != MME_HASH_NEXT_BATCH) || p->type != MME_BSON_ARRAY)
		return 0;
	p->inside = MME_INSIDE_BATCH;
	return 1;
}

/* As mme_mongo_request_key(). */
MME_INLINE int mme_mongo_reply_key(struct mme_mongo *p)
{
	const __u64 key = p->token;

	if (p->depth) {
		if (p->inside != MME_INSIDE_ERRORS)
			return mme_mongo_cursor_key(p);
		if (key == MME_HASH_CODE && p->type == MME_BSON_INT32)
			p->want = MME_WANT_CODE;
		if (p->depth != 1 || key != MME_HASH_ZERO || p->type != MME_BSON_DOCUMENT)
			return 0;
		p->flags |= MME_MONGO_WRITE_ERROR;
		return 1;
	}
	if (key == MME_HASH_OK && (p->type == MME_BSON_DOUBLE || p->type == MME_BSON_INT32 ||
				   p->type == MME_BSON_INT64 || p->type == MME_BSON_BOOL))
		p->want = MME_WANT_OK;
	else if (key == MME_HASH_CODE && p->type == MME_BSON_INT32)
		p->want = MME_WANT_CODE;
	if (key == MME_HASH_CURSOR && p->type == MME_BSON_DOCUMENT) {
		p->flags |= MME_MONGO_HAS_CURSOR;
		p->inside = MME_INSIDE_CURSOR;
		return 1;
	}
	if (key == MME_HASH_CURSORS_KILLED && p->type == MME_BSON_ARRAY) {
		p->flags |= MME_MONGO_HAS_CURSOR;
		p->inside = MME_INSIDE_KILLED;
		return 1;
	}
	p->inside = MME_INSIDE_ERRORS;
	if (key == MME_HASH_WRITE_ERRORS)
		return p->type == MME_BSON_ARRAY;
	if (key != MME_HASH_WRITE_CONCERN_ERROR || p->type != MME_BSON_DOCUMENT ||
	    (p->flags & MME_MONGO_CURSOR_OPEN)) /* its id has the place of the code; only reads have one */
		return 0;
	p->flags |= MME_MONGO_WRITE_CONCERN_ERROR;
	return 1;
}

/* An element's key is complete: its value is read, entered or passed over. */
MME_INLINE void mme_mongo_key_end(struct mme_mongo *p)
{
	int size, enter;

	p->want = MME_WANT_NOTHING;
	enter = p->flags & MME_MONGO_IS_REPLY ? mme_mongo_reply_key(p) : mme_mongo_request_key(p);
	mme_forget_registers();
	size = mme_bson_size(p->type);
	if (enter) {
		mme_mongo_number(p, MME_MONGO_NESTED_LENGTH);
	} else if (p->depth && !(p->flags & MME_MONGO_IS_REPLY)) {
		mme_mongo_leave(p); /* only the first key of the first stage matters */
	} else if (p->type == MME_BSON_REGEX) {
		p->value = 2;
		p->phase = MME_MONGO_REGEX;
	} else if (size == -1) {
		mme_mongo_number(p, MME_MONGO_VALUE_LENGTH);
	} else if (size < 0) {
		mme_mongo_broken(p);
	} else if (p->want != MME_WANT_NOTHING) {
		p->value = (__u32)size; /* every wanted number has at most 8 bytes */
		mme_mongo_number(p, MME_MONGO_VALUE);
	} else {
		mme_mongo_pass(p, (__u32)size, MME_MONGO_TYPE);
	}
}

/* The length before a value is known. */
MME_INLINE void mme_mongo_value_length(struct mme_mongo *p, __u32 length)
{
	__u32 bytes = length;

	if (length > p->left + 4) { /* of documents it includes itself, which is behind us */
		mme_mongo_broken(p);
		return;
	}
	if (p->type == MME_BSON_BINARY)
		bytes = length + 1;
	else if (p->type == MME_BSON_DBPOINTER)
		bytes = length + 12;
	else if (p->type == MME_BSON_DOCUMENT || p->type == MME_BSON_ARRAY || p->type == 0x0f)
		bytes = length < 5 ? 0 : length - 4;
	mme_forget_registers();
	if (bytes == 0 || bytes > p->left) {
		mme_mongo_broken(p);
	} else if (p->want == MME_WANT_DATABASE || p->want == MME_WANT_COLLECTION) {
		p->value = bytes;
		p->token = MME_HASH_START;
		p->phase = MME_MONGO_STRING;
	} else {
		mme_mongo_pass(p, bytes, MME_MONGO_TYPE);
	}
}

/* A wanted number is complete. */
MME_INLINE void mme_mongo_value_end(struct mme_mongo *p)
{
	p->phase = MME_MONGO_TYPE;
	switch (p->want) {
	case MME_WANT_CURSOR:
		p->cursor = p->token;
		break;
	case MME_WANT_REPLY_CURSOR: {
		const __u64 cursor = p->token;

		if (p->inside == MME_INSIDE_BATCH)
			mme_mongo_leave(p); /* old servers put the batch behind the id */
		if (cursor) {
			p->flags |= MME_MONGO_CURSOR_OPEN;
			p->cursor = cursor; /* shares its place with resume_left, which is no longer needed */
		}
		break;
	}
	case MME_WANT_AWAIT_DATA:
		if (p->token)
			p->flags |= MME_MONGO_AWAIT_CURSOR;
		break;
	case MME_WANT_CODE: {
		const __u32 code = (__u32)p->token, depth = p->depth;

		if (depth)
			mme_mongo_leave(p);
		if (depth == 1) {
			p->write_concern_code = code;
			break;
		}
		p->code = code;
		if (!depth)
			p->flags |= MME_MONGO_HAS_CODE;
		break;
	}
	default: /* ok; a double's -0.0 is 0 too */
		p->flags |= MME_MONGO_OK_SEEN;
		if (p->type == MME_BSON_DOUBLE ? !(p->token << 1) : !p->token)
			p->flags |= MME_MONGO_ERROR;
	}
	if ((p->flags & MME_MONGO_OK_SEEN) && (!(p->flags & MME_MONGO_ERROR) || (p->flags & MME_MONGO_HAS_CODE)))
		mme_mongo_skip_rest(p);
}

MME_INLINE enum mme_step mme_mongo_bad(struct mme_mongo *p)
{
	/* a TLS record (RFC 8446, 5.1) begins 16 03; with its length behind that it may look like a message's length */
	p->reason = (p->length & 0xffff) == 0x0316 ? MME_SKIP_TLS : MME_SKIP_MALFORMED;
	return MME_STEP_BAD;
}

/* Lengths that a server accepts (maxMessageSizeBytes); anything else is no message start. */
MME_INLINE int mme_mongo_plausible_length(__u32 length)
{
	return length > 16 && length <= MME_MONGO_MESSAGE_BYTES;
}

MME_INLINE enum mme_step mme_mongo_header_end(struct mme_mongo *p)
{
	const __u32 opcode = (__u32)(p->token >> 32);
	const int is_reply = p->flags & MME_MONGO_IS_REPLY;

	if (is_reply)
		p->id = (__u32)p->token;
	if (opcode == MME_OP_MSG) {
		mme_mongo_number(p, MME_MONGO_FLAGS);
	} else if (opcode == MME_OP_COMPRESSED) {
		p->flags |= MME_MONGO_COMPRESSED;
		mme_mongo_skip_rest(p);
	} else if (opcode == MME_OP_QUERY && !is_reply) {
		p->flags |= MME_MONGO_LEGACY;
		mme_mongo_number(p, MME_MONGO_QUERY_FLAGS);
	} else if (opcode == MME_OP_REPLY && is_reply) {
		p->flags |= MME_MONGO_LEGACY;
		if (p->left < 20 + 5)
			return mme_mongo_bad(p);
		/* responseFlags, cursorID, startingFrom, numberReturned */
		mme_mongo_pass(p, 20, MME_MONGO_DOCUMENT_LENGTH);
	} else {
		return mme_mongo_bad(p);
	}
	return MME_STEP_MORE;
}

MME_INLINE enum mme_step mme_mongo_number_end(struct mme_mongo *p)
{
	const __u32 number = (__u32)p->token;

	switch (p->phase) {
	case MME_MONGO_START:
		if (!mme_mongo_plausible_length(number)) {
			p->length = number;
			return mme_mongo_bad(p);
		}
		p->left = number - 8;
		p->length = number;
		p->code = 0;
		p->id = (__u32)(p->token >> 32);
		mme_mongo_number(p, MME_MONGO_HEADER);
		break;
	case MME_MONGO_HEADER:
		return mme_mongo_header_end(p);
	case MME_MONGO_FLAGS:
		if (number & 0xfffcu)
			return mme_mongo_bad(p); /* an unknown required bit must be refused (OP_MSG specification) */
		if (number & 1)
			p->flags |= MME_MONGO_CHECKSUM;
		if (number & 2)
			p->flags |= MME_MONGO_MORE_TO_COME;
		if (number & (1 << 16))
			p->flags |= MME_MONGO_EXHAUST_ALLOWED;
		p->phase = MME_MONGO_SECTION;
		break;
	case MME_MONGO_QUERY_FLAGS:
		p->token = MME_HASH_START;
		p->phase = MME_MONGO_QUERY_DATABASE;
		break;
	case MME_MONGO_QUERY_COUNTS:
		mme_mongo_number(p, MME_MONGO_DOCUMENT_LENGTH);
		break;
	case MME_MONGO_SEQUENCE_LENGTH:
		if (number < 5 || number - 4 > p->left)
			mme_mongo_broken(p);
		else
			mme_mongo_pass(p, number - 4, MME_MONGO_SECTION);
		break;
	case MME_MONGO_DOCUMENT_LENGTH:
		p->phase = MME_MONGO_TYPE;
		if (number < 5 || number - 4 > p->left)
			mme_mongo_broken(p);
		break;
	case MME_MONGO_NESTED_LENGTH:
		if (p->depth == 0)
			p->resume_left = p->left - (number - 4);
		p->depth++;
		p->phase = MME_MONGO_TYPE;
		if (number < 5 || number - 4 > p->left)
			mme_mongo_broken(p);
		break;
	case MME_MONGO_VALUE_LENGTH:
		mme_mongo_value_length(p, number);
		break;
	default:
		mme_mongo_value_end(p);
	}
	return MME_STEP_MORE;
}

MME_INLINE void mme_mongo_name_byte(struct mme_mongo *p, struct mme_mongo_names *names, __u32 which, __u8 byte)
{
	struct mme_name *name = &names->text[which & 1];

	p->token = mme_hash_byte(p->token, byte);
	if (name->length < MME_NAME_BYTES)
		name->text[name->length & 127] = (char)byte;
	if (name->length < 0xffff)
		name->length++;
}

/* `$cmd.aggregate` and the like: a cursor of a whole database, whose getMore names this instead of a collection. */
MME_INLINE int mme_mongo_is_of_database(const struct mme_name *name)
{
	const char *text = name->text;

	return !((text[0] ^ '$') | (text[1] ^ 'c') | (text[2] ^ 'm') | (text[3] ^ 'd') | (text[4] ^ '.'));
}

MME_INLINE void mme_mongo_name_end(struct mme_mongo *p, struct mme_mongo_names *names, __u32 which)
{
	const int is_none = (which & 1) && mme_mongo_is_of_database(&names->text[1]);

	names->hash[which & 1] = is_none ? 0 : p->token;
	names->complete[which & 1] = 1;
}

MME_INLINE void mme_mongo_string_end(struct mme_mongo *p, struct mme_mongo_names *names)
{
	mme_mongo_name_end(p, names, p->want == MME_WANT_COLLECTION);
	if (p->want == MME_WANT_DATABASE)
		mme_mongo_skip_rest(p); /* drivers put `$db` behind the command's own fields */
	else
		p->phase = MME_MONGO_TYPE;
}

/* One byte of sections, element types, keys and strings. */
MME_INLINE void mme_mongo_byte(struct mme_mongo *p, struct mme_mongo_names *names, __u8 byte)
{
	switch (p->phase) {
	case MME_MONGO_SECTION:
		if (p->left == 3 && (p->flags & MME_MONGO_CHECKSUM))
			mme_mongo_skip_rest(p); /* this byte was the checksum's first */
		else if (byte == 0)
			mme_mongo_number(p, MME_MONGO_DOCUMENT_LENGTH);
		else if (byte == 1)
			mme_mongo_number(p, MME_MONGO_SEQUENCE_LENGTH);
		else
			mme_mongo_broken(p);
		break;
	case MME_MONGO_TYPE:
		p->type = byte;
		p->token = MME_HASH_START;
		p->phase = MME_MONGO_KEY;
		if (byte)
			break;
		if (p->inside != MME_INSIDE_ERRORS && p->depth) {
			p->depth--;
			p->phase = MME_MONGO_TYPE;
		} else if (p->depth)
			mme_mongo_leave(p);
		else if (p->flags & MME_MONGO_LEGACY)
			mme_mongo_skip_rest(p);
		else
			p->phase = MME_MONGO_SECTION;
		break;
	case MME_MONGO_KEY:
		if (byte == 0) {
			mme_mongo_key_end(p);
			break;
		}
		/* the command's name is found without regard to case, every other key by its exact bytes */
		if (!(p->flags & (MME_MONGO_IS_REPLY | MME_MONGO_NOT_FIRST)))
			byte = mme_lower(byte);
		p->token = mme_hash_byte(p->token, byte);
		break;
	case MME_MONGO_STRING: {
		const __u32 which = p->want == MME_WANT_COLLECTION;

		if (--p->value)
			mme_mongo_name_byte(p, names, which, byte);
		else
			mme_mongo_string_end(p, names);
		break;
	}
	case MME_MONGO_REGEX:
		if (byte == 0 && --p->value == 0)
			p->phase = MME_MONGO_TYPE;
		break;
	case MME_MONGO_QUERY_DATABASE:
		if (byte && byte != '.') {
			mme_mongo_name_byte(p, names, 0, byte);
			break;
		}
		mme_mongo_name_end(p, names, 0);
		p->phase = MME_MONGO_QUERY_COLLECTION;
		if (byte == 0)
			mme_mongo_broken(p);
		break;
	default: /* MME_MONGO_QUERY_COLLECTION */
		if (byte == 0)
			mme_mongo_number(p, MME_MONGO_QUERY_COUNTS);
	}
}

/* A new message: everything of the last one is forgotten. */
MME_INLINE void mme_mongo_begin(struct mme_mongo *p, struct mme_mongo_names *names)
{
	p->flags &= MME_MONGO_IS_REPLY;
	p->left = 8;
	p->cursor = 0;
	p->depth = 0;
	p->inside = MME_INSIDE_ERRORS;
	p->want = MME_WANT_NOTHING;
	mme_mongo_number(p, MME_MONGO_START);
	names->hash[0] = 0;
	names->hash[1] = 0;
	names->text[0].length = 0;
	names->text[1].length = 0;
	names->complete[0] = 0;
	names->complete[1] = 0;
}

/* Bytes from here on that need not be looked at. */
MME_INLINE __u64 mme_mongo_skippable(const struct mme_mongo *p)
{
	return p->phase == MME_MONGO_SKIP ? p->value : 0;
}

/* The message's last byte is used. What is not between two sections then was cut short. */
MME_INLINE enum mme_step mme_mongo_message_end(struct mme_mongo *p)
{
	if (p->phase != MME_MONGO_SECTION && p->phase != MME_MONGO_SKIP)
		p->flags |= MME_MONGO_BROKEN;
	if (!(p->flags & (MME_MONGO_IS_REPLY | MME_MONGO_COMPRESSED | MME_MONGO_NOT_FIRST)))
		p->flags |= MME_MONGO_BROKEN; /* no command */
	mme_mongo_number(p, MME_MONGO_START);
	return MME_STEP_MESSAGE;
}

/* Passes over `bytes` <= mme_mongo_skippable() bytes. */
MME_INLINE enum mme_step mme_mongo_skip(struct mme_mongo *p, __u64 bytes)
{
	p->value -= (__u32)bytes;
	p->left -= (__u32)bytes;
	if (p->value == 0)
		p->phase = p->next;
	return p->left ? MME_STEP_MORE : mme_mongo_message_end(p);
}

/* Bytes of a number, as many as there are at once or one by one. */
MME_INLINE enum mme_step mme_mongo_number_bytes(struct mme_mongo *p, struct mme_window *window, __u32 available)
{
	const __u32 size = mme_mongo_number_size(p);

	if (p->number_bytes == 0 && available >= 8) {
		p->token = mme_window_load64(window, window->position);
		if (size < 8)
			p->token &= (1ull << (8 * (size & 7))) - 1;
		p->number_bytes = (__u8)size;
		p->left -= size;
		window->position += size;
	} else {
		p->token |= (__u64)mme_window_byte(window, window->position) << (8 * (p->number_bytes & 7));
		p->number_bytes++;
		p->left--;
		window->position++;
	}
	mme_forget_registers();
	return p->number_bytes < size ? MME_STEP_MORE : mme_mongo_number_end(p);
}

/* Up to eight bytes of a key at once; there must be 8 bytes of window and message. */
MME_INLINE void mme_mongo_key_bytes(struct mme_mongo *p, struct mme_window *window)
{
	__u64 word = mme_window_load64(window, window->position);
	const __u32 count = mme_word_find(word, 0);

	if (!(p->flags & (MME_MONGO_IS_REPLY | MME_MONGO_NOT_FIRST)))
		word = mme_word_lower(word); /* see mme_mongo_byte() */
	p->token = mme_hash_word(p->token, word, count);
	window->position += count;
	p->left -= count;
	mme_forget_registers();
	if (count == 8)
		return;
	window->position++;
	p->left--;
	mme_mongo_key_end(p);
}

/* Up to eight bytes of a wanted string at once, with its terminator when that is among them; there must be 8 bytes of
 * window and message. */
MME_INLINE void mme_mongo_string_bytes(struct mme_mongo *p, struct mme_mongo_names *names, struct mme_window *window)
{
	const __u64 word = mme_window_load64(window, window->position);
	const __u32 count = p->value - 1 < 8 ? p->value - 1 : 8;
	struct mme_name *name = &names->text[p->want == MME_WANT_COLLECTION];

	p->token = mme_hash_word(p->token, word, count);
	mme_store64(&name->text[name->length & 127], word);
	name->length += (__u16)count;
	window->position += count;
	p->left -= count;
	p->value -= count;
	if (count == 8)
		return;
	window->position++;
	p->left--;
	mme_mongo_string_end(p, names);
}

/* Header, flags, and the body's kind and length. */
#define MME_MONGO_SHORTCUT_BYTES 25

/* The start of nearly every message at once: an OP_MSG whose body comes first. What is not so simple is left alone. */
MME_INLINE void mme_mongo_start_shortcut(struct mme_mongo *p, struct mme_window *window)
{
	const __u32 position = window->position;
	const __u64 start = mme_window_load64(window, position), header = mme_window_load64(window, position + 8);
	const __u32 length = (__u32)start, flags = (__u32)mme_window_load64(window, position + 16);
	const __u32 document = (__u32)mme_window_load64(window, position + 21);

	if (length < MME_MONGO_SHORTCUT_BYTES || !mme_mongo_plausible_length(length) ||
	    (__u32)(header >> 32) != MME_OP_MSG || (flags & 0xfffcu) || mme_window_byte(window, position + 20) ||
	    document < 5 || document - 4 > length - MME_MONGO_SHORTCUT_BYTES)
		return;
	p->length = length;
	p->left = length - MME_MONGO_SHORTCUT_BYTES;
	p->code = 0;
	p->id = p->flags & MME_MONGO_IS_REPLY ? (__u32)header : (__u32)(start >> 32);
	p->flags |= (flags & 1 ? MME_MONGO_CHECKSUM : 0) | (flags & 2 ? MME_MONGO_MORE_TO_COME : 0) |
		    (flags & (1 << 16) ? MME_MONGO_EXHAUST_ALLOWED : 0);
	p->phase = MME_MONGO_TYPE;
	window->position = position + MME_MONGO_SHORTCUT_BYTES;
}

/* Bytes of the message that the window holds. */
MME_INLINE __u32 mme_mongo_available(const struct mme_mongo *p, const struct mme_window *window)
{
	const __u32 available = window->length - window->position;

	return available < p->left ? available : p->left;
}

/* One element, or as much of it as there is: type, key, length, value. Each stage leaves its result in memory, so one
 * call may go through all of them. */
MME_INLINE enum mme_step mme_mongo_stages(struct mme_mongo *p, struct mme_mongo_names *names, struct mme_window *window)
{
	__u32 available = mme_mongo_available(p, window);
	enum mme_step step;

	if (p->phase == MME_MONGO_TYPE && available > 8 && mme_window_byte(window, window->position)) {
		p->type = mme_window_byte(window, window->position);
		p->token = MME_HASH_START;
		p->phase = MME_MONGO_KEY;
		window->position++;
		p->left--;
		available--;
	}
	if (p->phase == MME_MONGO_STRING && available >= 8 && p->value > 1 &&
	    names->text[p->want == MME_WANT_COLLECTION].length <= MME_NAME_BYTES - 8) {
		mme_mongo_string_bytes(p, names, window);
		return MME_STEP_MORE;
	}
	if (p->phase > MME_MONGO_VALUE && p->phase != MME_MONGO_SKIP &&
	    !(p->phase == MME_MONGO_KEY && available >= 8)) {
		const __u8 byte = mme_window_byte(window, window->position);

		window->position++;
		p->left--;
		mme_mongo_byte(p, names, byte);
		mme_forget_registers();
		available = mme_mongo_available(p, window);
	}
	if (p->phase == MME_MONGO_KEY && available >= 8) {
		mme_mongo_key_bytes(p, window);
		mme_forget_registers();
		available = mme_mongo_available(p, window);
	}
	if (p->phase <= MME_MONGO_VALUE && available) {
		step = mme_mongo_number_bytes(p, window, available);
		mme_forget_registers();
		if (step != MME_STEP_MORE)
			return step;
		available = mme_mongo_available(p, window);
	}
	if (p->phase == MME_MONGO_SKIP && available) {
		const __u32 bytes = p->value < available ? p->value : available;

		window->position += bytes;
		return mme_mongo_skip(p, bytes);
	}
	return MME_STEP_MORE;
}

/* Reads on until a message is complete (MESSAGE), the stream makes no sense (BAD), the window is used up or
 * MME_FEED_TURNS were taken (MORE). `names` holds the request's names when MESSAGE comes back; it must be kept between
 * calls within a message. */
MME_INLINE enum mme_step mme_mongo_feed(struct mme_mongo *p, struct mme_mongo_names *names, struct mme_window *window)
{
	for (__u32 turn = 0; turn < MME_FEED_TURNS; turn++) { /* every turn uses at least one byte */
		enum mme_step step;

		mme_forget_registers();
		if (window->position >= window->length)
			return MME_STEP_MORE;
		if (p->phase == MME_MONGO_START && p->number_bytes == 0) {
			mme_mongo_begin(p, names);
			if (window->length - window->position > MME_MONGO_SHORTCUT_BYTES)
				mme_mongo_start_shortcut(p, window);
		}
		mme_forget_registers();
		step = mme_mongo_stages(p, names, window);
		mme_forget_registers();
		if (step == MME_STEP_MORE && p->left == 0)
			step = mme_mongo_message_end(p);
		if (step != MME_STEP_MORE)
			return step;
	}
	return MME_STEP_MORE;
}

#endif
