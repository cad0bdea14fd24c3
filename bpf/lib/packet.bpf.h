/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef MME_PACKET_BPF_H
#define MME_PACKET_BPF_H

#include "common.bpf.h"

#define MME_ETH_IPV4 0x0800
#define MME_ETH_IPV6 0x86dd
#define MME_IPPROTO_TCP 6

#define MME_TCP_FIN 0x01
#define MME_TCP_SYN 0x02
#define MME_TCP_RST 0x04
#define MME_TCP_URG 0x20

/* A TCP segment's place and address. Addresses in network order, IPv4 as ::ffff:a.b.c.d; ports in host order. */
struct mme_packet {
	__u64 source[2];
	__u64 destination[2];
	__u32 sequence; /* of the first payload byte */
	__u32 payload;	/* bytes; one egress skb may hold 64 KiB and more */
	__u32 offset;	/* of the payload in the skb */
	__u16 source_port;
	__u16 destination_port;
	__u8 flags;
};

enum mme_packet_kind {
	MME_PACKET_TCP = 0,
	MME_PACKET_OTHER,	/* not TCP */
	MME_PACKET_UNSUPPORTED, /* TCP perhaps, behind extension headers */
};

/* ::ffff:0:0/96 as the middle word of an address, on a little-endian CPU */
#define MME_V4_MAPPED 0xffff0000ull

static __always_inline __u64 v4_mapped(__u32 address)
{
	return (__u64)address << 32 | MME_V4_MAPPED;
}

/* cgroup_skb sees packets from the IP header on. The IP version is the packet's: a dual-stack socket has family 10 and
 * IPv4 packets. Payload is seldom linear, so everything is copied by bpf_skb_load_bytes. */
static __always_inline enum mme_packet_kind read_packet(struct __sk_buff *skb, struct mme_packet *packet)
{
	__u32 header[10]; /* 40 bytes: IPv4 + TCP without options, or IPv6 alone */
	__u32 tcp_offset, ports, sequence, flags;

	if (bpf_skb_load_bytes(skb, 0, header, sizeof(header)))
		return MME_PACKET_OTHER;
	if (skb->protocol == bpf_htons(MME_ETH_IPV4)) {
		const __u32 header_bytes = (header[0] & 0xf) * 4;

		if (((header[2] >> 8) & 0xff) != MME_IPPROTO_TCP)
			return MME_PACKET_OTHER;
		packet->source[0] = 0;
		packet->source[1] = v4_mapped(header[3]);
		packet->destination[0] = 0;
		packet->destination[1] = v4_mapped(header[4]);
		tcp_offset = header_bytes;
		if (header_bytes == 20) {
			ports = header[5];
			sequence = header[6];
			flags = header[8];
			goto known;
		}
	} else if (skb->protocol == bpf_htons(MME_ETH_IPV6)) {
		const __u32 next_header = (header[1] >> 16) & 0xff;

		if (next_header != MME_IPPROTO_TCP)
			return next_header == 0 || next_header == 43 || next_header == 44 || next_header == 60
				   ? MME_PACKET_UNSUPPORTED
				   : MME_PACKET_OTHER;
		packet->source[0] = (__u64)header[3] << 32 | header[2];
		packet->source[1] = (__u64)header[5] << 32 | header[4];
		packet->destination[0] = (__u64)header[7] << 32 | header[6];
		packet->destination[1] = (__u64)header[9] << 32 | header[8];
		tcp_offset = 40;
	} else {
		return MME_PACKET_OTHER;
	}
	if (bpf_skb_load_bytes(skb, tcp_offset, header, 20))
		return MME_PACKET_UNSUPPORTED;
	ports = header[0];
	sequence = header[1];
	flags = header[3];
known:
	packet->source_port = bpf_ntohs((__u16)ports);
	packet->destination_port = bpf_ntohs((__u16)(ports >> 16));
	packet->sequence = bpf_ntohl(sequence);
	packet->flags = (__u8)(flags >> 8);
	packet->offset = tcp_offset + ((flags >> 4) & 0xf) * 4;
	packet->payload = skb->len > packet->offset ? skb->len - packet->offset : 0;
	if (packet->flags & MME_TCP_SYN)
		packet->sequence++;
	return MME_PACKET_TCP;
}

#endif
