// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metrics/http_labels.h"
#include "metrics/kernel_snapshot.h"
#include "metrics/ledger.h"
#include "metrics/service_ledger.h"
#include "metrics/snapshot.h"

namespace mme {

// Ids become names: every label of the result is display text, valid UTF-8 of at most kLabelBytesMax bytes. Series
// whose labels became the same are merged; each list is ascending by its labels, the target last. What the kernel does
// not know (`targets`, `attachments`, `agent`) stays empty. What the ledger has settled keeps its names.
[[nodiscard]] Snapshot resolve(KernelSnapshot raw, const ResolveContext& context, const Ledger& ledger = Ledger(0));

// Adds the counts of `from`, also where it has more bounds.
void add(Latency& to, const Latency& from);
void add(RawSeries& to, const RawSeries& from);

// `what` is a part of `from`, or `from` began anew and has less: then nothing is left.
void subtract(Latency& from, const Latency& what);
void subtract(RawSeries& from, const RawSeries& what);

// The views of services of all that the kernel counted.
[[nodiscard]] ServiceViews service_views(KernelSnapshot raw, const ResolveContext& context, const Ledger& ledger);

}  // namespace mme
