// SPDX-License-Identifier: Apache-2.0
#include "kernel/in_flight.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <string>
#include <utility>

#include "base/raw_bytes.h"
#include "base/unique_fd.h"
#include "in_flight.skel.h"

namespace mme {
namespace {

// The kernel's own buffer of an iterator (8 pages): it is never full in the middle of a record.
constexpr size_t kRecords = (32 << 10) / sizeof(mme_in_flight);

constexpr const char* kMend = "needs BTF of the kernel, CONFIG_DEBUG_INFO_BTF";

}  // namespace

void InFlightSkeletonDeleter::operator()(in_flight_bpf* skeleton) const {
  in_flight_bpf__destroy(skeleton);
}

const bpf_program* InFlightReader::program() const {
  return skeleton_->progs.mme_in_flight;
}

Result<InFlightReader> InFlightReader::load(const bpf_map* connections) {
  InFlightReader reader;
  reader.skeleton_.reset(in_flight_bpf__open());
  if (!reader.skeleton_) return fail_errno("open the BPF object in_flight", errno);
  if (const int error = bpf_map__reuse_fd(reader.skeleton_->maps.connections, bpf_map__fd(connections)); error != 0) {
    return fail_errno("share the BPF map connections", -error);
  }
  if (const int error = in_flight_bpf__load(reader.skeleton_.get()); error != 0) {
    return fail_errno("load the BPF iterator in_flight", -error, kMend);
  }
  bpf_iter_link_info over{};
  over.map.map_fd = static_cast<uint32_t>(bpf_map__fd(connections));
  bpf_iter_attach_opts options{};
  options.sz = sizeof(options);
  options.link_info = &over;
  options.link_info_len = sizeof(over);
  reader.link_.reset(bpf_program__attach_iter(reader.program(), &options));
  if (!reader.link_) return fail_errno("attach the BPF iterator in_flight", errno, kMend);
  return reader;
}

Result<InFlightReader::Read> InFlightReader::read() const {
  const UniqueFd walk(bpf_iter_create(bpf_link__fd(link_.get())));
  if (!walk.valid()) return fail_errno("start the BPF iterator in_flight", errno);

  Read result;
  std::map<std::string, mme_in_flight> by_link;
  std::vector<mme_in_flight> records(kRecords);
  for (;;) {
    const ssize_t bytes = ::read(walk.get(), records.data(), records.size() * sizeof(mme_in_flight));
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) continue;  // EAGAIN: a million connections, none of them busy
    if (bytes < 0) return fail_errno("read the BPF iterator in_flight", errno);
    if (bytes == 0) break;
    for (size_t i = 0; i < static_cast<size_t>(bytes) / sizeof(mme_in_flight); ++i) {
      if (records[i].link.role == MME_ROLE_MONGOD) {
        result.mongo.push_back(records[i]);
        continue;
      }
      mme_in_flight& link = by_link[raw_bytes(records[i].link)];
      link.link = records[i].link;
      link.requests += records[i].requests;
    }
  }
  result.links.reserve(by_link.size());
  for (const auto& [key, link] : by_link) result.links.push_back(link);
  return result;
}

}  // namespace mme
