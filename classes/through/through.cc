#include "classes/through/through.h"

namespace biotope {

Result<Properties> Through::offered(const Properties& below, const std::string&) const {
  return below;
}

Properties Through::derive(const Provider& own) const {
  const Provider& below = *consumers().front().provider();
  Result<Properties> now = offered(below.properties(), below.name());
  if (!now) return own.properties();
  now->media_size_bytes = own.media_size_bytes();
  return *now;
}

bool Through::resized(Consumer& consumer) {
  const Provider& below = *consumer.provider();
  const Result<Properties> now = offered(below.properties(), below.name());
  return now && mesh().resize(providers().front(), now->media_size_bytes).has_value();
}

Verdict Through::pass_and_hear(Bio& bio, BioDone when_done) {
  Children whole(mesh().path(), bio);
  if (!whole.add_copy(lower(), bio.position_bytes)) return Verdict::done(ENOMEM);
  return whole.issue(when_done);
}

void Through::go_on(Bio& bio) {
  const Verdict verdict = pass_and_hear(bio, &Children::part_done);
  if (!verdict.is_held()) mesh().deliver(bio, verdict.error());
}

namespace {

Status stand_on(Through& geom, Provider& below) {
  Mesh& mesh = geom.mesh();
  Result<Properties> properties = geom.offered(below.properties(), below.name());
  if (!properties) return pass_on(properties);
  if (const auto consumer = mesh.new_consumer(geom, below); !consumer) return pass_on(consumer);
  const Result<Provider*> provider = mesh.new_provider(geom, geom.name(), std::move(*properties));
  if (!provider) return pass_on(provider);
  mesh.publish(**provider);
  return {};
}

}  // namespace

Result<Geom*> stand_on_one(Through& geom, const Creation& creation) {
  Status built =
      fail(EINVAL, geom.title(), " stands on exactly one provider, not on ", creation.below.size());
  if (creation.below.size() == 1) built = stand_on(geom, *creation.below.front());
  if (built) return &geom;
  geom.mesh().wither(geom);
  return pass_on(built);
}

Result<int> choice(const Geom& geom, std::string_view parameter, const std::string& word,
                   std::span<const std::string_view> words) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == word) return static_cast<int>(i);
    all += sentence(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ", words[i]);
  }
  return fail(EINVAL, geom.title(), ": '", parameter, "' is '", word, "'; it must be ", all);
}

}  // namespace biotope
