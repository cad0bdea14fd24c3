// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mme/abi.h"

namespace mme {

inline constexpr size_t kLabelBytesMax = 128;
inline constexpr std::string_view kOther = "_other";        // what is over the cap of a family
inline constexpr std::string_view kInternal = "_internal";  // the application of other MongoDB servers
inline constexpr std::string_view kUnknown = "unknown";     // a name that the kernel could not keep

// Texts of the enumerations of mme/abi.h; ids out of range give the set's catch-all.
[[nodiscard]] std::string_view method_name(uint8_t method);           // else "EXTENSION_METHOD"
[[nodiscard]] std::string_view http_protocol_name(uint8_t protocol);  // else "http"
[[nodiscard]] std::string_view mongo_command_name(uint16_t command);  // else "other"
[[nodiscard]] std::string_view skip_name(size_t reason);              // "unsynced"; else "internal"
[[nodiscard]] std::string_view family_name(size_t family);            // "entrypoint", "upstream", "mongo"
[[nodiscard]] std::string_view protocol_name(size_t protocol);        // "http", "mongo"

// "10.0.0.5", "::1": `address` as below.
[[nodiscard]] std::string host_text(const __u64 (&address)[2]);

// "10.0.0.5:8000", "[::1]:80": `address` is 16 bytes in network order, IPv4 as ::ffff:a.b.c.d; `port` in host order.
[[nodiscard]] std::string address_text(const __u64 (&address)[2], uint16_t port);

// A name from the wire as a label value: valid UTF-8 of at most kLabelBytesMax bytes, ended on a character border.
// Bytes that are not UTF-8, and NUL, become U+FFFD. `cut`: the wire name was longer, so half a character at its end
// is dropped.
[[nodiscard]] std::string label_text(std::string_view wire, bool cut);

// A path as a label value. What is over kLabelBytesMax is cut at the front, after "...": a container's id is at the
// end.
[[nodiscard]] std::string path_label(std::string_view path);

}  // namespace mme
