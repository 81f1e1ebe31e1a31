use crate::habit::HABITS;
use crate::story::Edit;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A block of `stack.toml`. It refers only to blocks of smaller numbers.
#[derive(Debug, Clone)]
pub struct Block {
    pub number: usize,
    /// Of [`HABITS`].
    pub habit: usize,
    pub renames: usize,
    /// A name of its own, where the kind has names: it stays when the block is renamed.
    pub pin: Option<usize>,
    pub size: Option<u32>,
    pub label: usize,
    pub secret: usize,
    pub tag: usize,
    pub parent: Option<usize>,
    /// Another block and which attribute of it.
    pub peer: Option<usize>,
    pub after: Option<usize>,
    pub protect: bool,
    pub create_first: bool,
    pub ignore: bool,
    /// Of `for_each`; 0 is none.
    pub keys: usize,
}

/// Secrets begin so, and may stand nowhere.
pub const CANARY: &str = "hunter2";

const PEERS: [&str; 4] = ["arn", "version", "zone", "id"];

/// `stack.toml` as the user has it.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub blocks: BTreeMap<usize, Block>,
    removed: BTreeMap<usize, Block>,
}

impl Block {
    pub fn kind(&self) -> &'static str {
        HABITS[self.habit].name
    }

    pub fn name(&self) -> String {
        format!("b{}{}", self.number, "x".repeat(self.renames))
    }

    /// How others refer to it.
    fn reference(&self) -> String {
        let key = if self.keys > 0 { "[\"k0\"]" } else { "" };
        format!("{}.{}{key}", self.kind(), self.name())
    }
}

impl Draft {
    pub fn take(&mut self, edit: &Edit) {
        let mut change = |number: &usize, change: &dyn Fn(&mut Block)| {
            self.blocks.get_mut(number).into_iter().for_each(change);
        };
        match edit {
            Edit::Add(block) => {
                self.blocks.insert(block.number, block.clone());
            }
            Edit::Remove(number) => {
                if let Some(block) = self.blocks.remove(number) {
                    self.removed.insert(*number, block);
                }
            }
            Edit::Restore(number) => {
                if let Some(block) = self.removed.remove(number) {
                    self.blocks.insert(*number, block);
                }
            }
            Edit::Pin(number) => change(number, &|block| block.pin = block.pin.or(Some(block.number))),
            Edit::Swap(a, b) => {
                let pin = |number: &usize| self.blocks.get(number).map(|block| (block.habit, block.pin));
                if let (Some((one, Some(x))), Some((two, Some(y)))) = (pin(a), pin(b))
                    && one == two
                {
                    self.blocks.entry(*a).and_modify(|block| block.pin = Some(y));
                    self.blocks.entry(*b).and_modify(|block| block.pin = Some(x));
                }
            }
            Edit::Rename(number) => change(number, &|block| block.renames += 1),
            Edit::Size(number, size) => change(number, &|block| block.size = Some(*size)),
            Edit::Label(number) => change(number, &|block| block.label += 1),
            Edit::Secret(number) => change(number, &|block| block.secret += 1),
            Edit::Tag(number) => change(number, &|block| block.tag += 1),
            Edit::Parent(number, parent) => change(number, &|block| block.parent = *parent),
            Edit::Peer(number, peer) => change(number, &|block| block.peer = *peer),
            Edit::After(number, after) => change(number, &|block| block.after = *after),
            Edit::Protect(number, on) => change(number, &|block| block.protect = *on),
            Edit::CreateFirst(number, on) => change(number, &|block| block.create_first = *on),
            Edit::Ignore(number, on) => change(number, &|block| block.ignore = *on),
            Edit::Keys(number, keys) => change(number, &|block| block.keys = *keys),
            Edit::Unprotect => self.blocks.values_mut().for_each(|block| block.protect = false),
        }
    }

    fn other(&self, of: &Block, number: Option<usize>) -> Option<&Block> {
        self.blocks.get(&number?).filter(|other| other.number < of.number)
    }

    /// The parent, if there is one of the right kind.
    fn parent(&self, block: &Block) -> Option<&Block> {
        self.other(block, block.parent).filter(|parent| HABITS[block.habit].parent == Some(parent.kind()))
    }

    pub fn text(&self) -> String {
        let mut text = String::from("[stack]\nname = \"test\"\nregion = \"eu-west-1\"\n");
        for block in self.blocks.values() {
            text += &self.block(block);
        }
        text += "[outputs]\n";
        for block in self.blocks.values().filter(|block| block.number % 2 == 0) {
            writeln!(text, "o{} = '${{{}.version}}'", block.number, block.reference()).unwrap();
        }
        text
    }

    fn block(&self, block: &Block) -> String {
        let Block { label, tag, secret, keys, .. } = block;
        let mut text = format!("[{}.{}]\n", block.kind(), block.name());
        let each = if *keys > 0 { "-${each.key}" } else { "" };
        if *keys > 0 {
            let names: Vec<String> = (0..*keys).map(|key| format!("\"k{key}\"")).collect();
            writeln!(text, "for_each = [{}]", names.join(", ")).unwrap();
        }
        writeln!(text, "label = \"l{label}{each}\"").unwrap();
        if let Some(pin) = block.pin.filter(|_| HABITS[block.habit].named) {
            writeln!(text, "name = \"pin{pin}{each}\"").unwrap();
        }
        if let Some(size) = block.size {
            writeln!(text, "size = {size}").unwrap();
        }
        if *tag > 0 {
            writeln!(text, "tags = {{ owner = \"t{tag}\" }}").unwrap();
        }
        if *secret > 0 {
            writeln!(text, "secret = \"{CANARY}-{}-{secret}\"", block.number).unwrap();
        }
        if let Some(parent) = self.parent(block) {
            writeln!(text, "parent = '${{{}.id}}'", parent.reference()).unwrap();
        }
        if let Some(peer) = self.other(block, block.peer) {
            let attribute = PEERS[(block.number + peer.number) % PEERS.len()];
            writeln!(text, "peer = '${{{}.{attribute}}}'", peer.reference()).unwrap();
        }
        if let Some(after) = self.other(block, block.after) {
            writeln!(text, "depends_on = [\"{}.{}\"]", after.kind(), after.name()).unwrap();
        }
        let mut lifecycle = vec![];
        if block.protect {
            lifecycle.push("prevent_destroy = true");
        }
        if block.create_first {
            lifecycle.push("create_before_destroy = true");
        }
        if block.ignore {
            lifecycle.push("ignore_changes = [\"size\"]");
        }
        if !lifecycle.is_empty() {
            writeln!(text, "lifecycle = {{ {} }}", lifecycle.join(", ")).unwrap();
        }
        text
    }
}
