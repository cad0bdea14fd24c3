// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ask is what a request wants of its answer. The zero value is an empty 200 with Content-Length.
type ask struct {
	status     int
	delay      time.Duration // before the head of the response
	size       int64         // bytes of body
	chunk      int64         // chunked transfer in chunks of so many bytes; 0: Content-Length
	chunkDelay time.Duration // between two chunks
	trailers   int           // so many trailer fields (needs chunk)
	hints      int           // so many 103 responses first
	early      bool          // answer before the request's body is read
	close      bool          // no length at all: the body ends with the connection
	abort      bool          // reset the connection in the middle of the body
	echo       bool          // the request's body is the response's
	header     int           // bytes of an extra response header, for large heads
}

type asking struct {
	url.Values
	err error
}

func (a *asking) number(key string) int64 {
	if !a.Has(key) {
		return 0
	}
	n, err := strconv.ParseInt(a.Get(key), 10, 64)
	if err == nil && n < 0 {
		err = strconv.ErrRange
	}
	if err != nil && a.err == nil {
		a.err = err
	}
	return n
}

func (a *asking) duration(key string) time.Duration {
	if !a.Has(key) {
		return 0
	}
	d, err := time.ParseDuration(a.Get(key))
	if err != nil && a.err == nil {
		a.err = err
	}
	return d
}

func (a *asking) flag(key string) bool { return a.Has(key) && a.Get(key) != "0" }

// parseAsk reads the query; a value that is not understood is an error, for a typo must not become a plain 200.
func parseAsk(r *http.Request) (ask, error) {
	q := asking{Values: r.URL.Query()}
	parsed := ask{
		status: int(q.number("status")), delay: q.duration("delay"), size: q.number("size"),
		chunk: q.number("chunk"), chunkDelay: q.duration("chunk_delay"), trailers: int(q.number("trailers")),
		hints: int(q.number("hints")), early: q.flag("early"), close: q.flag("close"), abort: q.flag("abort"),
		echo: q.flag("echo"), header: int(q.number("header")),
	}
	if parsed.status == 0 {
		parsed.status = http.StatusOK
	}
	if parsed.trailers > 0 && parsed.chunk == 0 {
		parsed.chunk = max(parsed.size, 1)
	}
	return parsed, q.err
}
