#pragma once

#include <cstdint>
#include <string>

#include "model/control_io.h"
#include "model/mesh.h"

namespace biotope {

// What a class gets to look at a provider with: a consumer that is open for reading while the
// classes take their turns. It can not write.
class Taster {
 public:
  Taster(Mesh& mesh, Provider& provider, Consumer& consumer)
      : mesh_(mesh), provider_(provider), consumer_(consumer) {}

  Mesh& mesh() const { return mesh_; }
  Provider& provider() const { return provider_; }
  const Properties& properties() const { return provider_.properties(); }
  // True when somebody has opened the provider for writing since tasting began. What was read may
  // not be there any more; the provider is tasted again when the writer has closed.
  bool stale() const { return consumer_.spoiled(); }
  // True when the provider is not what it was: it is gone, or holds another medium.
  bool lost() const { return consumer_.orphaned() || provider_.orphaned(); }

  // Bytes [offset, offset + length), of any alignment. EIO when they are not all on the medium.
  Task<Result<Bytes>> read(std::int64_t offset_bytes, std::int64_t length_bytes) const;
  // The text of an attribute, empty when nobody below knows it.
  Task<std::string> attribute(const char* name) const;

 private:
  Mesh& mesh_;
  Provider& provider_;
  Consumer& consumer_;
};

}  // namespace biotope
