//! Whatever a project brings along, it is refused with the limit and the place, in bounded memory, stack and time.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::fixture::{HEAD, kinds, mistakes, read, set, stack};
use proptest::prelude::*;
use stackctl::config::{Options, Source, load, parse};
use stackctl::limits::{DEPTH, EXPANDED, INCLUDED, LINKS, MISTAKES, RESOURCES, STACK};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// The first line of the mistakes, which is the only one.
fn limit(text: &str) -> String {
    let begun = Instant::now();
    let told = mistakes(text);
    assert!(told.contains(" limit: ") && told.lines().count() == 1, "{told}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    told
}

fn allowing(folder: &Path, text: &str) -> String {
    format!("files = ['{}']\n{}", folder.display(), text.replace("HERE", folder.to_str().unwrap()))
}

#[test]
fn a_file_of_any_size_is_refused_with_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stack.toml");
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let found = load(&path, &Options::default(), &kinds()).unwrap_err().to_string();
    assert!(found.contains("stack.toml cannot be read: it is larger than 1 MiB"), "{found}");
    // An endless one, and one of exactly the limit.
    let found = load(Path::new("/dev/zero"), &Options::default(), &kinds()).unwrap_err().to_string();
    assert!(found.contains("larger than 1 MiB"), "{found}");
    let comment = "#".repeat(usize::try_from(STACK).unwrap() - HEAD.len());
    std::fs::write(&path, format!("{HEAD}{comment}")).unwrap();
    load(&path, &Options::default(), &kinds()).unwrap();
}

#[test]
fn files_of_any_size_and_sort_are_refused_where_they_are_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::File::create(folder.path().join("huge.json")).unwrap().set_len(1 << 40).unwrap();
    nix::unistd::mkfifo(&folder.path().join("pipe.txt"), nix::sys::stat::Mode::S_IRUSR).unwrap();
    std::fs::create_dir(folder.path().join("folder.txt")).unwrap();
    for (name, why) in [
        ("huge.json", "it is larger than 4 MiB, the most that is read of it"),
        ("pipe.txt", "it is no plain file"),
        ("folder.txt", "it is no plain file"),
    ] {
        let told =
            mistakes(&allowing(folder.path(), &format!("[queue.q]\nname = '${{file(HERE/{name})}}'\n")));
        assert!(told.starts_with("3:9 unreadable: ") && told.contains(why), "{told}");
    }
}

#[test]
fn what_is_nested_too_deep_is_refused_where_that_begins() {
    for layer in ["[", "{ a = ", "{ a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = ", "[{ a.b = "] {
        let text = format!("[queue.q]\nname = {}\n", layer.repeat(100_000 / layer.len() + DEPTH));
        assert!(limit(&text).starts_with("2:"), "{layer}");
    }
    assert!(limit(&format!("[{}]\nb = 1\n", "a.".repeat(100_000) + "a")).starts_with("1:"));
    // What the parser of TOML itself would let through, 6,000 levels.
    let key = "a.".repeat(75);
    let text = format!("[queue.q]\nname = {}1{}\n", format!("{{ {key}a = ").repeat(79), "}".repeat(79));
    assert!(limit(&text).contains("more than 64 levels deep"));
    // `--set` takes TOML as well.
    let params = "[params]\np = []\n[queue.q]\nname = 'a'\n";
    let deep = "[".repeat(100_000);
    let told = read(params, &set(&[("p", &deep)])).unwrap_err().to_string();
    assert!(told.contains("takes a list"), "{}", &told[..200]);
}

#[test]
fn files_that_are_nested_too_deep_are_refused_and_never_end_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("open.json", "[".repeat(100_000));
    write("whole.json", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    write("object.json", format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)));
    write("deep.toml", format!("x = {}1{}", "{ a.a.a.a = ".repeat(70), "}".repeat(70)));
    write("policy.json", format!("{}1{}", "{\"a\":".repeat(DEPTH), "}".repeat(DEPTH)));
    for name in ["open.json", "whole.json", "object.json", "deep.toml"] {
        let told =
            mistakes(&allowing(folder.path(), &format!("[bucket.b]\npolicy = '${{file(HERE/{name})}}'\n")));
        assert!(told.starts_with("3:11 unreadable: "), "{told}");
        assert!(told.contains("recursion limit") || told.contains("64 levels deep"), "{told}");
    }
    // Each alone is shallow enough, and one within the other is not: a state could not be read back.
    let told = limit(&allowing(
        folder.path(),
        "[bucket.b]\npolicy = { Statement = [{ a = '${file(HERE/policy.json)}' }] }\n",
    ));
    assert!(told.starts_with("3:1 limit: with what is put in"), "{told}");
}

#[test]
fn what_a_short_file_comes_to_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let full = usize::try_from(INCLUDED).unwrap();
    std::fs::write(folder.path().join("big.txt"), "x".repeat(full)).unwrap();
    std::fs::write(folder.path().join("list.json"), format!("[{}1]", "1,".repeat(full / 2 - 2))).unwrap();
    // A file in each of many places, and many times in one.
    let mut text = String::new();
    for at in 0..2000 {
        writeln!(text, "[queue.q{at}]\nname = '${{file(HERE/big.txt)}}'").unwrap();
    }
    assert!(limit(&allowing(folder.path(), &text)).contains("comes to more than 64 MiB"));
    let text = format!("[queue.q]\nname = '{}'\n", "${file(HERE/big.txt)}".repeat(10_000));
    assert!(limit(&allowing(folder.path(), &text)).contains("comes to more than 64 MiB"));
    let text = format!(
        "[database.d]\nclass = 'db.t4g.micro'\nsubnet_ids = [{}]\n",
        "'${file(HERE/list.json)}',".repeat(40)
    );
    assert!(limit(&allowing(folder.path(), &text)).contains("comes to more than 64 MiB"));
    // A param instead of a file.
    let text = format!(
        "[params]\np = '{}'\n[queue.q]\nfor_each = [{}]\nname = '{}'\n",
        "x".repeat(100_000),
        (0..1000).map(|key| format!("'{key}',")).collect::<String>(),
        "${param.p}".repeat(10)
    );
    assert!(limit(&text).contains("comes to more than 64 MiB"));
}

/// The limit is where it is said to be: a tenth below it is taken, a tenth above it is not.
#[test]
fn the_limit_of_what_a_short_file_comes_to_is_sharp() {
    let (keys, length) = (1000, usize::try_from(EXPANDED).unwrap() / 1000);
    let names: String = (0..keys).map(|key| format!("'{key}',")).collect();
    let text = |length: usize| {
        let param = "x".repeat(length);
        format!("[params]\np = '{param}'\n[queue.q]\nfor_each = [{names}]\nname = '${{param.p}}'\n")
    };
    assert_eq!(read(&text(length * 9 / 10), &Options::default()).unwrap().blocks.len(), keys);
    assert!(limit(&text(length * 11 / 10)).contains("comes to more than 64 MiB"));
}

#[test]
fn tags_for_thousands_of_resources_count_as_well() {
    let tags: String = (0..2000).map(|at| format!("t{at} = '{}'\n", "x".repeat(200))).collect();
    let keys: String = (0..4000).map(|key| format!("'{key}',")).collect();
    assert!(limit(&format!("[tags]\n{tags}[queue.q]\nfor_each = [{keys}]\n")).contains("64 MiB"));
}

#[test]
fn references_that_double_from_resource_to_resource_are_refused() {
    let mut text = String::from("[bucket.b0]\nname = 'abc'\n");
    for at in 1..60 {
        let before = at - 1;
        writeln!(text, "[bucket.b{at}]\nname = '${{bucket.b{before}.name}}${{bucket.b{before}.name}}'")
            .unwrap();
    }
    let told = limit(&text);
    assert!(told.contains("the attributes of all resources come to more than 64 MiB"), "{told}");
    // The place is that of a block, not before it begins to be too much.
    let line: usize = told.split(':').next().unwrap().parse().unwrap();
    assert!((20..60).contains(&line), "{told}");
}

#[test]
fn there_are_so_many_resources_and_no_more() {
    let keys = |count: usize| (0..count).map(|key| format!("'{key}',")).collect::<String>();
    let of = |count| format!("[queue.q]\nfor_each = [{}]\n", keys(count));
    assert_eq!(stack(&of(RESOURCES)).blocks.len(), RESOURCES);
    let told = limit(&of(RESOURCES + 1));
    assert!(told.starts_with("2:1 limit: ") && told.contains("5000 at most"), "{told}");
    // The product of what a param holds and the blocks that use it.
    let mut text = format!("[params]\nkeys = [{}]\n", keys(2600));
    text.push_str("[queue.a]\nfor_each = '${param.keys}'\n[queue.b]\nfor_each = '${param.keys}'\n");
    assert!(limit(&text).starts_with("6:1 limit: "));
    let single: String = (0..=RESOURCES).map(|at| format!("[queue.q{at}]\n")).collect();
    assert!(limit(&single).contains("5000 at most"));
}

#[test]
fn all_of_thousands_in_each_of_thousands_are_too_many_references() {
    let keys: String = (0..2000).map(|key| format!("'{key}',")).collect();
    let text = format!(
        "[subnet.s]\nfor_each = [{keys}]\nvpc_id = 'v'\ncidr_block = '10.0.0.0/24'\n\
         [database.d]\nfor_each = [{keys}]\nclass = 'db.t4g.micro'\nsubnet_ids = '${{subnet.s[*].id}}'\n"
    );
    assert!(limit(&text).contains(&format!("more than {LINKS} times")));
}

/// Whoever walks it by calling itself would need a stack as deep as the chain is long.
#[test]
fn a_chain_of_all_resources_and_a_circle_of_all() {
    let link = |at: usize, to: usize| format!("[queue.q{at}]\ndead_letter = '${{queue.q{to}.arn}}'\n");
    let chain: String = (0..RESOURCES - 1).map(|at| link(at, at + 1)).collect();
    let last = RESOURCES - 1;
    assert_eq!(stack(&format!("{chain}[queue.q{last}]\n")).blocks.len(), RESOURCES);
    let told =
        mistakes(&format!("{}{}", (0..999).map(|at| link(at, at + 1)).collect::<String>(), link(999, 0)));
    assert!(told.contains(" cycle: "), "{}", &told[..200]);
}

#[test]
fn nobody_is_told_a_hundred_thousand_mistakes() {
    let attributes: String = (0..5).map(|at| format!("nonsense{at} = 1\n")).collect();
    let text: String = (0..4000).map(|at| format!("[queue.n{at}]\n{attributes}")).collect();
    let begun = Instant::now();
    let found = read(&text, &Options::default()).unwrap_err();
    assert_eq!(found.iter().count(), MISTAKES + 1);
    assert_eq!(found.iter().last().unwrap().message, "there is more than that");
    found.render(80, false);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn references_without_end_are_read_in_one_go() {
    for text in ["${", "${'", "${\"}", "${'}${", "$${", "${a.", "${a['"] {
        let begun = Instant::now();
        let whole = format!("[queue.q]\nname = '''{}'''\n", text.repeat(900_000 / text.len()));
        let _ = read(&whole, &Options::default());
        assert!(begun.elapsed() < Duration::from_secs(60), "{text}: {:?}", begun.elapsed());
    }
    let steps = format!("[queue.q]\n[queue.q.lifecycle]\nignore_changes = ['{}a']\n", "a.".repeat(400_000));
    let told = mistakes(&steps);
    assert!(told.contains("256 steps"), "{}", &told[told.len() - 300..]);
}

/// Any layers in any order, closed or not, as a value, a key or a file.
fn layers() -> impl Strategy<Value = String> {
    let layer = prop::sample::select(vec![
        "[",
        "{ a = ",
        "{ a.b = ",
        "{ 'a.b'.c.d.e = ",
        "[[",
        "[1, ",
        "{\"a\":",
        "[{",
    ]);
    (prop::collection::vec(layer, 1..12), 1..3000_usize, any::<bool>()).prop_map(|(layers, times, closed)| {
        let all = layers.concat().repeat(times);
        let ends = |c: char| match c {
            '[' => Some(']'),
            '{' => Some('}'),
            _ => None,
        };
        let end: String = if closed { all.chars().rev().filter_map(ends).collect() } else { String::new() };
        format!("{all}1{end}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_nesting_is_a_stack_or_mistakes(nested in layers()) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["f.json", "f.toml"] {
            let text = if name == "f.toml" { format!("x = {nested}") } else { nested.clone() };
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        for text in [
            format!("[bucket.b]\npolicy = {nested}\n"),
            format!("[params]\np = {nested}\n[bucket.b]\npolicy = '${{param.p}}'\n"),
            allowing(folder.path(), "[bucket.b]\npolicy = '${file(HERE/f.json)}'\n"),
            allowing(folder.path(), "[bucket.b]\npolicy = '${file(HERE/f.toml)}'\n"),
        ] {
            let options = set(&[("p", &nested)]);
            if let Err(found) = parse(Source::new("stack.toml", format!("{HEAD}{text}")), &options, &kinds()) {
                prop_assert!(!found.is_empty());
            }
        }
    }

    /// Whatever is multiplied: it comes to an end, and what is taken is no larger than the limit.
    #[test]
    fn any_product_is_bounded(length in 0..20_000_usize, times in 1..200_usize, keys in 1..400_usize, blocks in 1..8_usize) {
        let keys: String = (0..keys).map(|key| format!("'{key}',")).collect();
        let mut text = format!("[params]\np = '{}'\n", "x".repeat(length));
        for block in 0..blocks {
            writeln!(text, "[queue.q{block}]\nfor_each = [{keys}]\nname = '{}'", "${param.p}".repeat(times)).unwrap();
        }
        if let Ok(stack) = read(&text, &Options::default()) {
            let size = |block: &stackctl::config::Block| stack.resolve(block, &|_| stackctl::config::Resolved::Unknown).to_string().len();
            let all: usize = stack.blocks.values().map(size).sum();
            prop_assert!(all as u64 <= EXPANDED);
        }
    }
}
