#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "classes/mirror/mirror_class.h"
#include "model/mesh.h"

namespace biotope::mirror {

// Moves what a provider holds to another provider while it is used (paper section 4: "move a
// partition"): a mirror is put between `from` and all who stand on it, `to` is inserted and gets a
// copy of everything, `from` is let go of, and the mirror is taken out again. The users see none of
// it but two short pauses; after that they stand on `to`, with what they have open.
//
// Somebody must have `from` open. `to` must be unused, with sectors of the same size and no
// smaller; where it is larger, the users see no more of it than before.
class Move final : private Observer {
 public:
  enum class Step { waits, putting_in, copying, letting_go, taking_out, over };
  struct Report {
    std::int64_t copied_bytes = 0;
    std::int64_t duration_ns = 0;
    std::int64_t longest_pause_ns = 0;  // that requests of a user had to wait for the mesh
  };
  using Then = std::function<void(Result<Report>)>;

  // Both by name. `then` is told in the end, unless the Move is destroyed before: what it has begun
  // then stays as it is.
  Move(Mesh& mesh, std::string from, std::string to);
  ~Move() override;
  Move(const Move&) = delete;
  Move& operator=(const Move&) = delete;

  // Refused at once with what does not fit; nothing has changed then.
  void start(Then then);
  // Undoes what was done: the users stand on `from` as before, and `then` gets ECANCELED. EALREADY
  // once `from` is being let go of: what is on `to` is then as good, and the move ends soon.
  Status abort();

  Step step() const { return step_; }
  std::int64_t copied_bytes() const;

 private:
  Task<void> run(Then then);
  Task<Status> go();
  Task<Status> put_in();
  Task<Status> copy();
  Task<Status> let_go_of(std::string disk);
  Task<Status> take_out();
  Status in_use() const;
  Status fits() const;
  Mirror* mirror() const;
  void on_fact(const Fact& fact) override;

  Mesh& mesh_;
  std::string from_;
  std::string to_;
  std::string name_;  // of the mirror
  Step step_ = Step::waits;
  bool aborted_ = false;
  std::uint64_t mirror_id_ = 0;
  Report report_;
  std::int64_t started_ns_ = 0;
  Lifeline later_;
  Task<void> job_;
};

}  // namespace biotope::mirror
