// What Boost.Signals2 does: a check for each row of `docs/coming_from.md`, under the words of the row.
//
// `SAMPLE` is the file that has the page's sample. For each check it prints `ok` or `failed`, the words, and
// why, with tabs between them.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/make_shared.hpp>
#include <boost/signals2.hpp>
#include <boost/version.hpp>

namespace signals2 = boost::signals2;
using Signal = signals2::signal<void(int)>;

struct Check {
    std::string words;
    std::function<void()> run;
};

std::vector<Check> checks;

struct Claim {
    Claim(std::string words, std::function<void()> run) { checks.push_back({words, run}); }
};

#define JOINED(a, b) a##b
#define NAMED(line) JOINED(claim_, line)
#define CLAIM(words) static const Claim NAMED(__LINE__) = Claim(words, []() -> void {
#define END });

#define TEXT_OF(line) #line
#define TEXT(line) TEXT_OF(line)
#define REQUIRE(condition)                                                                     \
    if (!(condition)) throw std::runtime_error("line " TEXT(__LINE__) ": " #condition)

/// Lets threads wait for each other, ten seconds at most.
class Count {
public:
    void add() {
        std::lock_guard<std::mutex> lock(mutex);
        ++reached;
        changed.notify_all();
    }

    bool waits_for(int count) {
        std::unique_lock<std::mutex> lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(10), [&] { return reached >= count; });
    }

private:
    std::mutex mutex;
    std::condition_variable changed;
    int reached = 0;
};

/// What the slots of the sample did.
std::vector<std::string> journal;

void draw(int x) { journal.push_back("draw " + std::to_string(x)); }

struct Log {
    void write(int x) { journal.push_back("write " + std::to_string(x)); }
};

CLAIM("the sample")
#include SAMPLE
    REQUIRE((journal == std::vector<std::string>{"draw 7", "write 7"}));
    drawing.disconnect();
    log.reset();
    clicked(8);
    REQUIRE(journal.size() == 2);
    {
        boost::signals2::scoped_connection again = clicked.connect(&draw);
    }
    REQUIRE(clicked.empty());
END

CLAIM("while a slot runs: no lock is held")
    Signal signal;
    Count inside, others;
    bool waited = false;
    signal.connect([&](int x) {
        if (x != 0) return;
        inside.add();
        waited = others.waits_for(1);
    });
    std::thread emitter([&] { signal(0); });
    REQUIRE(inside.waits_for(1));
    // None of these could return if the emitter held a lock of the signal's.
    signal(1);
    signal.connect([](int) {}).disconnect();
    REQUIRE(signal.num_slots() == 1);
    others.add();
    emitter.join();
    REQUIRE(waited);
END

CLAIM("connected during an emission: called from the next one on")
    Signal signal;
    int calls = 0;
    bool is_connected = false;
    signal.connect([&](int) {
        if (!std::exchange(is_connected, true)) signal.connect([&](int) { ++calls; });
    });
    signal(0);
    REQUIRE(calls == 0);
    signal(0);
    REQUIRE(calls == 1);
END

CLAIM("disconnected during an emission: not called any more")
    Signal signal;
    signals2::connection second;
    int calls = 0;
    signal.connect([&](int) { second.disconnect(); });
    second = signal.connect([&](int) { ++calls; });
    signal(0);
    REQUIRE(calls == 0);
END

CLAIM("a tracked object: cannot die during its call, and its end is the connection's")
    Signal signal;
    auto owner = std::make_shared<int>(7);
    std::weak_ptr<int> object = owner;
    bool lived = false;
    int calls = 0;
    signal.connect(Signal::slot_type([&](int) {
        owner.reset();
        lived = !object.expired();
        ++calls;
    }).track_foreign(owner));
    signal(0);
    REQUIRE(lived && object.expired());
    signal(0);
    REQUIRE(calls == 1 && signal.empty());
END

template <class Pointer, class = void>
struct CanTrack : std::false_type {};
template <class Pointer>
struct CanTrack<
    Pointer,
    decltype(void(std::declval<Signal::slot_type&>().track(std::declval<const Pointer&>())))>
    : std::true_type {};

CLAIM("what can be tracked: a `boost::shared_ptr`; a `std::shared_ptr` by `track_foreign` alone")
    REQUIRE(CanTrack<boost::shared_ptr<Log>>::value);
    REQUIRE(!CanTrack<std::shared_ptr<Log>>::value);
    Signal signal;
    auto boosts = boost::make_shared<int>(7);
    auto standard = std::make_shared<int>(7);
    signal.connect(Signal::slot_type([](int) {}).track(boosts));
    signal.connect(Signal::slot_type([](int) {}).track_foreign(standard));
    REQUIRE(signal.num_slots() == 2);
    boosts.reset();
    REQUIRE(signal.num_slots() == 1);
    standard.reset();
    REQUIRE(signal.empty());
END

CLAIM("a connection that is ignored: stays connected")
    Signal signal;
    int calls = 0;
    signal.connect([&](int) { ++calls; });
    signal(0);
    REQUIRE(calls == 1);
END

CLAIM("a slot that throws: passes through to the emitter, and skips the rest; `expired_slot` is swallowed")
    Signal signal;
    int calls = 0, caught = 0;
    signals2::connection throws = signal.connect([](int x) { throw x; });
    signal.connect([&](int) { ++calls; });
    try {
        signal(7);
    } catch (int x) {
        caught = x;
    }
    REQUIRE(caught == 7 && calls == 0);
    throws.disconnect();
    signal.connect([](int) { throw signals2::expired_slot(); }, signals2::at_front);
    signal(7);
    REQUIRE(calls == 1);
END

/// Adds results up, until it has enough.
struct Three {
    using result_type = int;
    template <class Results>
    int operator()(Results result, Results end) const {
        int sum = 0;
        for (; result != end && sum < 3; ++result) sum += *result;
        return sum;
    }
};

CLAIM("results: a combiner pulls them, and may stop")
    signals2::signal<int(), Three> signal;
    int calls = 0;
    for (int i = 0; i < 5; ++i) signal.connect([&] { return ++calls, 1; });
    REQUIRE(signal() == 3 && calls == 3);
END

CLAIM("once: the slot disconnects itself, through `connect_extended`; of two threads both may be inside")
    Signal once;
    int calls = 0;
    auto slot = [&](const signals2::connection& self, int) {
        self.disconnect();
        ++calls;
    };
    once.connect_extended(slot);
    once(0);
    once(0);
    REQUIRE(calls == 1);

    Signal twice;
    Count inside;
    twice.connect_extended([&](const signals2::connection& self, int) {
        inside.add();
        inside.waits_for(2);
        self.disconnect();
    });
    std::thread first([&] { twice(0); }), second([&] { twice(0); });
    bool both = inside.waits_for(2);
    first.join();
    second.join();
    REQUIRE(both);
END

CLAIM("order: groups, and front or back")
    Signal signal;
    std::string order;
    auto adds = [&](char name) { return [&order, name](int) { order += name; }; };
    signal.connect(1, adds('c'));
    signal.connect(0, adds('b'));
    signal.connect(1, adds('d'));
    signal.connect(adds('e'));
    signal.connect(adds('a'), signals2::at_front);
    signal(0);
    REQUIRE(order == "abcde");
END

CLAIM("an event: is an object; two of one signature are apart")
    Signal first, second;
    int calls = 0;
    first.connect([&](int) { ++calls; });
    second(0);
    REQUIRE(calls == 0);
    first(0);
    REQUIRE(calls == 1);
END

CLAIM("threads: a mutex or none, by policy")
    namespace keywords = signals2::keywords;
    using Single = signals2::signal_type<
        void(int), keywords::mutex_type<signals2::dummy_mutex>>::type;
    using Default = signals2::signal_type<void(int)>::type;
    using Mutex = signals2::signal_type<void(int), keywords::mutex_type<signals2::mutex>>::type;
    REQUIRE((std::is_same<Default, Mutex>::value && !std::is_same<Default, Single>::value));
    Single signal;
    int calls = 0;
    signal.connect([&](int) { ++calls; });
    signal(0);
    REQUIRE(calls == 1);
END

CLAIM("where slots run: on the emitter's thread")
    Signal signal;
    std::thread::id ran, emitted;
    signal.connect([&](int) { ran = std::this_thread::get_id(); });
    std::thread emitter([&] {
        emitted = std::this_thread::get_id();
        signal(0);
    });
    emitter.join();
    REQUIRE(ran == emitted && ran != std::this_thread::get_id());
END

int main() {
    std::cout << "version\t" << BOOST_VERSION / 100000 << '.' << BOOST_VERSION / 100 % 1000 << '\n';
    for (const Check& check : checks) {
        try {
            check.run();
            std::cout << "ok\t" << check.words << '\n';
        } catch (const std::exception& error) {
            std::cout << "failed\t" << check.words << '\t' << error.what() << '\n';
        }
    }
}
