// Taking away tables that are refused.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>

#include "classes/gpt/gpt.h"
#include "classes/slicer/document_testing.h"

namespace biotope {
namespace {

using testing::Image;
using testing::medium_of;

Result<Document> wiped(const Scheme& scheme, const Image& image) {
  return Document::wiped(scheme, {}, medium_of(image), [&](std::int64_t at, std::int64_t length) {
    return Result<Bytes>(Bytes(image.begin() + at, image.begin() + at + length));
  });
}

Image made(const Scheme& scheme) {
  Image image(4000 * 512);
  Document document = Document::create(scheme, medium_of(image), {}, {}).value();
  EXPECT_TRUE(document.add({.length_bytes = 500 * 512}));
  testing::write(image, document.steps());
  return image;
}

TEST(Wipe, what_is_no_refused_table_is_left_alone) {
  const Image image = made(mbr::scheme());
  EXPECT_EQ(wiped(mbr::scheme(), image).error().code, EINVAL);
  EXPECT_EQ(wiped(bsd::scheme(), image).error().code, ENOENT);
}

// Those that can lie on a whole disk. They last as long as the program.
std::vector<const Scheme*> schemes() {
  std::vector<const Scheme*> all;
  for (const auto& cls : all_classes()) {
    const auto* slicers = dynamic_cast<const SlicerClass*>(cls.get());
    if (slicers != nullptr && cls->name() != "ebr") all.push_back(&slicers->scheme());
  }
  return all;
}

// Of any convention, with bytes changed until it is refused.
RC_GTEST_PROP(Wipe, a_refused_table_becomes_none_with_as_few_zeros_as_it_takes, ()) {
  const Scheme& scheme = **rc::gen::elementOf(schemes());
  Image image = made(scheme);
  const Document whole = testing::read(scheme, image);
  Result<Document> found = whole;
  for (int tries = 0; found && tries < 20; ++tries) {
    for (const auto& [number, sector] : whole.sectors().all()) {
      const auto at = static_cast<std::size_t>(number * 512) + *rc::gen::inRange(0U, 512U);
      image[at] ^= std::byte{0x5A};
    }
    found = read_table(scheme, {}, medium_of(image), image);
  }
  if (found || found.error().code == kNoTable) return;
  const Result<Document> gone = wiped(scheme, image);
  RC_LOG() << scheme.name() << ": " << (gone ? "wiped" : gone.error().text) << '\n';
  RC_ASSERT(gone.has_value());
  RC_ASSERT(gone->erased());
  Image after = image;
  testing::write(after, gone->steps());
  RC_ASSERT(read_table(scheme, {}, medium_of(image), after).error().code == kNoTable);
  RC_ASSERT(std::ranges::equal(after, image, [](std::byte now, std::byte before) {
    return now == before || now == std::byte{0};
  }));
  for (const Step& step : gone->steps()) {
    if (step.flush()) continue;
    Image again = after;
    std::copy_n(image.begin() + step.sector * 512, step.bytes.size(),
                again.begin() + step.sector * 512);
    const Result<Document> back = read_table(scheme, {}, medium_of(image), again);
    RC_ASSERT(back || back.error().code != kNoTable);
  }
}

TEST(Wipe, sectors_that_can_not_be_read_are_not_written) {
  Image image(64 * 512);
  testing::put_mbr(image, {{10, 20, 0xA5, 0x55}});
  const Result<Document> gone = Document::wiped(
      gpt::scheme(), {}, medium_of(image),
      [&](std::int64_t, std::int64_t) -> Result<Bytes> { return fail(EIO, "bad"); });
  EXPECT_TRUE(!gone || gone->steps().empty());
}

}  // namespace
}  // namespace biotope
