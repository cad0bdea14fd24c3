// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// filler is what bodies are cut from. It looks like requests and replies, because a parser that re-reads
// the inside of a body must be found out.
var filler = bytes.Repeat([]byte("GET /in-a-body HTTP/1.1\r\nHost: x\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n"), 1024)

func serve(w http.ResponseWriter, r *http.Request) {
	want, err := parseAsk(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		upgrade(w)
		return
	}
	if want.echo {
		echo(w, r, want)
		return
	}
	if want.early {
		// Without this the server would read the body before it sends the head.
		_ = http.NewResponseController(w).EnableFullDuplex()
		defer func() {
			_ = http.NewResponseController(w).Flush()
			_, _ = io.Copy(io.Discard, r.Body)
		}()
	} else if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	if want.delay > 0 {
		time.Sleep(want.delay)
	}
	for range want.hints {
		w.Header().Set("Link", "</style.css>; rel=preload; as=style")
		w.WriteHeader(http.StatusEarlyHints)
	}
	if want.close || want.abort {
		unframed(w, want)
		return
	}
	framed(w, want)
}

func headers(h http.Header, want ask) {
	h.Set("Content-Type", "application/octet-stream")
	if want.header > 0 {
		h.Set("X-Filler", strings.Repeat("h", want.header))
	}
}

func framed(w http.ResponseWriter, want ask) {
	headers(w.Header(), want)
	for i := range want.trailers {
		w.Header().Add("Trailer", fmt.Sprintf("X-Trailer-%d", i))
	}
	bodiless := want.status == http.StatusNoContent || want.status == http.StatusNotModified
	if want.chunk == 0 && !bodiless {
		w.Header().Set("Content-Length", strconv.FormatInt(want.size, 10))
	}
	w.WriteHeader(want.status)
	if bodiless {
		return
	}
	if want.chunk == 0 {
		write(w, want.size)
	} else {
		writeChunks(w, want)
	}
	for i := range want.trailers {
		w.Header().Set(fmt.Sprintf("X-Trailer-%d", i), "end")
	}
}

// writeChunks flushes after each chunk, so that every one is a chunk of its own on the wire.
func writeChunks(w http.ResponseWriter, want ask) {
	out := http.NewResponseController(w)
	_ = out.Flush() // an answer this small would get a Content-Length otherwise
	for left := want.size; left > 0; left -= want.chunk {
		write(w, min(left, want.chunk))
		_ = out.Flush()
		if want.chunkDelay > 0 && left > want.chunk {
			time.Sleep(want.chunkDelay)
		}
	}
}

// unframed answers without any length on a connection that then ends, or is reset half-way.
func unframed(w http.ResponseWriter, want ask) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	length := ""
	if want.abort {
		length = fmt.Sprintf("Content-Length: %d\r\n", want.size)
	}
	fmt.Fprintf(buffered, "HTTP/1.1 %d %s\r\nContent-Type: application/octet-stream\r\n%sConnection: close\r\n\r\n",
		want.status, http.StatusText(want.status), length)
	if !want.abort {
		write(buffered, want.size)
		buffered.Flush()
		return
	}
	write(buffered, want.size/2)
	buffered.Flush()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // close then sends RST
	}
}

// echo streams the request's body back, with its Content-Length if it has one.
func echo(w http.ResponseWriter, r *http.Request, want ask) {
	_ = http.NewResponseController(w).EnableFullDuplex()
	headers(w.Header(), want)
	if r.ContentLength >= 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	w.WriteHeader(want.status)
	_, _ = io.Copy(w, r.Body)
}

// upgrade switches protocols and then returns every byte it is given.
func upgrade(w http.ResponseWriter) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(buffered, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	buffered.Flush()
	buf := make([]byte, 64<<10)
	for {
		n, err := buffered.Read(buf)
		if n > 0 {
			if _, err := conn.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func write(w io.Writer, size int64) {
	for size > 0 {
		n := min(size, int64(len(filler)))
		if _, err := w.Write(filler[:n]); err != nil {
			return
		}
		size -= n
	}
}
