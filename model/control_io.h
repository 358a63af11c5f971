#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/consumer.h"
#include "model/error.h"
#include "model/executor.h"
#include "model/task.h"

// Requests of the control path, to be awaited: tasting, metadata, journals, surgery.

namespace biotope {

using Bytes = std::vector<std::byte>;

// The bytes at [offset, offset + length) of the provider below `edge`, which must be open for
// reading and stay attached meanwhile. Whole sectors.
Task<Result<Bytes>> read(Consumer& edge, std::int64_t offset_bytes, std::int64_t length_bytes);
// `data` must stay until the task has finished.
Task<Status> write(Consumer& edge, std::int64_t offset_bytes, std::span<const std::byte> data);
// The sectors' contents are no longer needed.
Task<Status> remove(Consumer& edge, std::int64_t offset_bytes, std::int64_t length_bytes);
Task<Status> flush(Consumer& edge);
// An attribute's value of exactly `length_bytes`; EFAULT when its supplier has another length,
// ENOTTY when nobody below knows the name.
Task<Result<Bytes>> get_attribute(Consumer& edge, const char* name, std::int64_t length_bytes);
// Ready after `delay_ns` of simulated time.
Task<void> sleep(Executor& executor, std::int64_t delay_ns);

// What a geom returns for a GETATTR that it answers itself.
Verdict answer_attribute(Bio& bio, std::span<const std::byte> value);

// Attribute texts travel as this many bytes, filled up with NULs. The longest there is, the label
// of a GPT's entry, has 36 characters of up to 3 bytes.
inline constexpr std::size_t kAttributeTextBytes = 128;
Verdict answer_attribute(Bio& bio, std::string_view text);
Task<Result<std::string>> get_attribute_text(Consumer& edge, const char* name);

}  // namespace biotope
