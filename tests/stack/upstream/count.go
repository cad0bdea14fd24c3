// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// counter is the upstream's own account of what it was asked, the third witness beside client and proxy.
type counter struct {
	mu       sync.Mutex
	requests map[string]int64 // by method
	bytes    int64            // of request bodies that were read
}

func newCounter() *counter { return &counter{requests: map[string]int64{}} }

type countedBody struct {
	io.ReadCloser
	bytes int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.bytes += int64(n)
	return n, err
}

func (c *counter) counted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.requests[r.Method]++
		c.mu.Unlock()
		if r.ContentLength == 0 {
			next(w, r)
			return
		}
		body := &countedBody{ReadCloser: r.Body}
		r.Body = body
		next(w, r)
		c.mu.Lock()
		c.bytes += body.bytes
		c.mu.Unlock()
	}
}

func (c *counter) report(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"requests": c.requests, "request_bytes": c.bytes})
}
