#pragma once

namespace biotope {

struct Bio;
class Consumer;

// Looks after sectors of a provider for a geom that understands them: what others ask of them is
// caught before it reaches the provider (the "magic" sectors of the paper's section 1). Set with
// Mesh::guard. Costs nothing on edges to other providers.
//
// What is caught is in flight on its edge. It is held until the guard lets it pass or answers it
// (RequestPath), exactly once and not from within caught(). Meanwhile other requests go on, but no
// barrier overtakes it, nobody overtakes a barrier that waits for it, and nobody overtakes it if it
// is one itself.
class SectorGuard {
 public:
  // True when requests for reading may be caught too. To be set anew (Mesh::guard) when it changes.
  virtual bool guards_reads() const = 0;
  // True when `bio`, which is to enter `edge` at bio.position_bytes of the provider, has to be
  // caught. Asked again about one that had to go again from the top for lack of memory, also after
  // it has been let pass.
  virtual bool catches(const Bio& bio, const Consumer& edge) const = 0;
  virtual void caught(Bio& bio, Consumer& edge) = 0;
  // What was let pass has been done, or has failed (bio.error). Its issuer is told after this.
  virtual void came_back(Bio& bio) = 0;

 protected:
  ~SectorGuard() = default;
};

}  // namespace biotope
