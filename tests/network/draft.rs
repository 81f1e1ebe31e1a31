//! `stack.toml` as the user has it: random, and nearly always something that AWS would take as a whole.

use crate::dice::Dice;
use std::fmt::Write;

/// A block; what its numbers mean depends on its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub there: bool,
    /// The VPC that it is in.
    pub home: usize,
    /// Network, port, zone, which ones of the others.
    pub dials: [usize; 4],
    /// A name of its own; 0 leaves it to stackctl.
    pub name: usize,
    pub text: usize,
    pub first: bool,
}

const VPCS: usize = 2;
const KINDS: [(&str, usize); 10] = [
    ("vpc", VPCS),
    ("internet_gateway", 2),
    ("subnet", 5),
    ("route_table", 2),
    ("security_group", 3),
    ("security_group_rule", 3),
    ("vpc_endpoint", 2),
    ("db_subnet_group", 2),
    ("db_instance", 1),
    ("lambda_function", 2),
];

#[derive(Debug, Clone)]
pub struct Draft {
    /// By kind, in the order of [`KINDS`].
    blocks: Vec<Vec<Block>>,
    /// Nobody looks whether things fit together.
    careless: bool,
}

#[derive(Debug, Clone)]
pub enum Edit {
    Change {
        kind: usize,
        number: usize,
        what: usize,
        value: usize,
    },
    /// From here on a mistake may be in it; or no more.
    Careless(bool),
}

impl Edit {
    pub fn random(dice: &mut Dice) -> Self {
        if dice.chance(4) {
            return Self::Careless(dice.chance(60));
        }
        let kind = dice.below(KINDS.len());
        Self::Change { kind, number: dice.below(KINDS[kind].1), what: dice.below(9), value: dice.below(1000) }
    }
}

impl Block {
    fn random(dice: &mut Dice, number: usize) -> Self {
        Self {
            there: dice.chance(75),
            home: usize::from(dice.chance(20)),
            dials: [number, dice.below(1000), dice.below(1000), number],
            name: if dice.chance(20) { 1 } else { 0 },
            text: 0,
            first: dice.chance(15),
        }
    }

    fn picks(&self, dial: usize, number: usize) -> bool {
        // Two of three.
        !(self.dials[dial] + number * 7).is_multiple_of(3)
    }
}

fn lifecycle(block: &Block) -> &'static str {
    if block.first { "lifecycle = { create_before_destroy = true }\n" } else { "" }
}

impl Draft {
    pub fn random(dice: &mut Dice) -> Self {
        let kind = |(_, count): &(&str, usize), dice: &mut Dice| -> Vec<Block> {
            (0..*count).map(|number| Block::random(dice, number)).collect()
        };
        let mut blocks: Vec<Vec<Block>> = KINDS.iter().map(|one| kind(one, dice)).collect();
        blocks[0][0].there = true;
        Self { blocks, careless: dice.chance(3) }
    }

    /// With one block less each.
    pub fn shorter(&self) -> Vec<Self> {
        let mut all = vec![];
        for (kind, blocks) in self.blocks.iter().enumerate() {
            for (number, block) in blocks.iter().enumerate() {
                let mut less = self.clone();
                let of = &mut less.blocks[kind][number];
                if block.there {
                    of.there = false;
                    all.push(less);
                } else if block.first || block.name > 0 {
                    (of.first, of.name) = (false, 0);
                    all.push(less);
                }
            }
        }
        all
    }

    pub fn take(&mut self, edit: &Edit) {
        match edit {
            Edit::Careless(careless) => self.careless = *careless,
            Edit::Change { kind, number, what, value } => {
                let block = &mut self.blocks[*kind][*number];
                match what {
                    0 => block.there = !block.there,
                    1 => block.home = 1 - block.home,
                    2 => block.name = value % 3,
                    3 => block.text += 1,
                    4 if value % 2 == 0 => block.first = !block.first,
                    5 => block.dials[0] = value % 8,
                    6 => block.dials[1] = *value,
                    7 => block.dials[2] = *value,
                    _ => block.dials[3] = value % 8,
                }
            }
        }
    }

    fn all(&self, kind: &str) -> impl Iterator<Item = (usize, &Block)> {
        let at = KINDS.iter().position(|(name, _)| *name == kind).expect("a kind");
        self.blocks[at].iter().enumerate().filter(|(_, block)| block.there)
    }

    fn vpc(&self, block: &Block) -> Option<(usize, &Block)> {
        self.all("vpc").find(|(number, _)| *number == block.home)
    }

    /// Subnets that stand in the file, with their networks; two never overlap.
    fn subnets(&self) -> Vec<(usize, &Block, String)> {
        let mut found: Vec<(usize, &Block, String)> = vec![];
        for (number, block) in self.all("subnet") {
            let Some((_, vpc)) = self.vpc(block) else { continue };
            let third = block.dials[0] % 8;
            // Sometimes a half of it, which overlaps with the whole.
            let (start, size) = [("0", 24), ("128", 25), ("0", 25)][(block.dials[2] / 100) % 3];
            let cidr = format!("10.{}.{third}.{start}/{size}", vpc.dials[0] % 4);
            let third_of = |other: &Block| other.dials[0] % 8;
            let clash =
                found.iter().any(|(_, other, _)| other.home == block.home && third_of(other) == third);
            if self.careless || !clash {
                found.push((number, block, cidr));
            }
        }
        found
    }

    fn zone(block: &Block) -> Option<char> {
        // One in eight leaves it to AWS.
        (block.dials[3] % 8 != 7).then(|| ['a', 'b', 'c'][block.dials[3] % 3])
    }

    /// Subnets of that home that a block picks.
    fn picked(&self, block: &Block, dial: usize) -> Vec<(usize, &Block)> {
        let home = |other: &&(usize, &Block, String)| self.careless || other.1.home == block.home;
        let subnets = self.subnets();
        let of_it = subnets.iter().filter(home).filter(|(number, ..)| block.picks(dial, *number));
        of_it.map(|(number, other, _)| (*number, *other)).collect()
    }

    fn groups(&self, block: &Block, dial: usize) -> Vec<usize> {
        let groups = self.all("security_group").filter(|(_, group)| self.vpc(group).is_some());
        let near = groups.filter(|(_, group)| self.careless || group.home == block.home);
        near.filter(|(number, _)| block.picks(dial, *number)).map(|(number, _)| number).collect()
    }

    fn tables(&self) -> Vec<(usize, &Block)> {
        self.all("route_table").filter(|(_, block)| self.vpc(block).is_some()).collect()
    }

    fn gateway(&self, home: usize) -> Option<usize> {
        let mut all = self.all("internet_gateway").filter(|(_, block)| self.vpc(block).is_some());
        all.find(|(_, block)| block.home == home).map(|(number, _)| number)
    }

    /// Groups of subnets that cover two zones.
    fn pools(&self) -> Vec<(usize, &Block, Vec<usize>)> {
        let pool = |(number, block): (usize, &'_ Block)| {
            let subnets = self.picked(block, 1);
            let mut zones: Vec<char> = subnets.iter().filter_map(|(_, subnet)| Self::zone(subnet)).collect();
            zones.sort_unstable();
            zones.dedup();
            (zones.len() > 1).then(|| (number, subnets.iter().map(|(number, _)| *number).collect::<Vec<_>>()))
        };
        self.all("db_subnet_group")
            .filter_map(|(number, block)| {
                pool((number, block)).map(|(number, subnets)| (number, block, subnets))
            })
            .collect()
    }

    pub fn text(&self) -> String {
        let mut text = String::from("[stack]\nname = \"test\"\nregion = \"eu-west-1\"\n");
        let refs = |kind: &str, letter: char, numbers: &[usize]| -> String {
            let all: Vec<String> =
                numbers.iter().map(|n| format!("\"${{{kind}.{letter}{n}.id}}\"")).collect();
            format!("[{}]", all.join(", "))
        };
        for (number, block) in self.all("vpc") {
            writeln!(text, "[vpc.v{number}]\ncidr_block = \"10.{}.0.0/16\"", block.dials[0] % 4).unwrap();
            text += lifecycle(block);
        }
        for (number, block, cidr) in self.subnets() {
            writeln!(
                text,
                "[subnet.s{number}]\nvpc_id = \"${{vpc.v{}.id}}\"\ncidr_block = \"{cidr}\"",
                block.home
            )
            .unwrap();
            if let Some(zone) = Self::zone(block) {
                writeln!(text, "availability_zone = \"eu-west-1{zone}\"").unwrap();
            }
            text += lifecycle(block);
        }
        for (number, block) in self.all("internet_gateway") {
            writeln!(text, "[internet_gateway.g{number}]").unwrap();
            if self.gateway(block.home) == Some(number) {
                writeln!(text, "vpc_id = \"${{vpc.v{}.id}}\"", block.home).unwrap();
            }
        }
        let mut routed: Vec<usize> = vec![];
        for (number, block) in self.tables() {
            let mut subnets: Vec<usize> =
                self.picked(block, 1).into_iter().map(|(number, _)| number).collect();
            subnets.retain(|subnet| self.careless || !routed.contains(subnet));
            routed.extend(&subnets);
            writeln!(text, "[route_table.t{number}]\nvpc_id = \"${{vpc.v{}.id}}\"", block.home).unwrap();
            writeln!(text, "subnet_ids = {}", refs("subnet", 's', &subnets)).unwrap();
            if let Some(gateway) = self.gateway(block.home).filter(|_| block.dials[2] % 2 == 0) {
                let target = format!("gateway_id = \"${{internet_gateway.g{gateway}.id}}\"");
                writeln!(text, "routes = [{{ destination = \"0.0.0.0/0\", {target} }}]").unwrap();
            }
            text += lifecycle(block);
        }
        self.firewalls(&mut text);
        self.users(&mut text, &refs);
        text
    }

    fn firewalls(&self, text: &mut String) {
        for (number, block) in self.all("security_group").filter(|(_, block)| self.vpc(block).is_some()) {
            writeln!(text, "[security_group.f{number}]\nvpc_id = \"${{vpc.v{}.id}}\"", block.home).unwrap();
            writeln!(text, "description = \"text {}\"", block.text).unwrap();
            if block.name > 0 {
                writeln!(text, "name = \"own-{number}-{}\"", block.name).unwrap();
            }
            let peers: Vec<usize> = self.groups(block, 1).into_iter().filter(|peer| *peer < number).collect();
            match peers.first() {
                Some(peer) if block.dials[2] % 2 == 0 => {
                    writeln!(
                        text,
                        "ingress = [{{ port = 443, security_group = \"${{security_group.f{peer}.id}}\" }}]"
                    )
                    .unwrap();
                }
                _ => writeln!(
                    text,
                    "ingress = [{{ port = 443, cidr = \"10.{}.0.0/16\" }}]",
                    block.dials[2] % 9
                )
                .unwrap(),
            }
            *text += lifecycle(block);
        }
        let mut written: Vec<String> = vec![];
        for (number, block) in self.all("security_group_rule") {
            let groups = self.groups(block, 1);
            let Some(group) = groups.first() else { continue };
            let peer = match groups.last().filter(|_| block.dials[2] % 2 == 0) {
                Some(peer) => format!("security_group = \"${{security_group.f{peer}.id}}\""),
                None => format!("cidr = \"10.{}.0.0/16\"", block.dials[2] % 9),
            };
            let rule = format!(
                "type = \"ingress\"\nsecurity_group_id = \"${{security_group.f{group}.id}}\"\nport = {}\n{peer}\n",
                5430 + block.dials[0] % 8
            );
            if !written.contains(&rule) {
                write!(text, "[security_group_rule.r{number}]\n{rule}{}", lifecycle(block)).unwrap();
                written.push(rule);
            }
        }
    }

    fn users(&self, text: &mut String, refs: &dyn Fn(&str, char, &[usize]) -> String) {
        let mut served: Vec<(usize, &str)> = vec![];
        for (number, block) in self.all("vpc_endpoint").filter(|(_, block)| self.vpc(block).is_some()) {
            let service = ["s3", "kms", "logs"][block.dials[2] % 3];
            if served.contains(&(block.home, service)) {
                continue;
            }
            served.push((block.home, service));
            write!(
                text,
                "[vpc_endpoint.e{number}]\nvpc_id = \"${{vpc.v{}.id}}\"\nservice = \"{service}\"\n",
                block.home
            )
            .unwrap();
            if service == "s3" {
                let tables: Vec<usize> = self
                    .tables()
                    .iter()
                    .filter(|(_, table)| table.home == block.home)
                    .map(|(number, _)| *number)
                    .collect();
                writeln!(text, "route_table_ids = {}", refs("route_table", 't', &tables)).unwrap();
            } else {
                let mut zones = vec![];
                let mut subnets = vec![];
                for (subnet, other) in self.picked(block, 1) {
                    if let Some(zone) = Self::zone(other).filter(|zone| !zones.contains(zone)) {
                        zones.push(zone);
                        subnets.push(subnet);
                    }
                }
                writeln!(text, "subnet_ids = {}", refs("subnet", 's', &subnets)).unwrap();
                let groups = self.groups(block, 1);
                if !groups.is_empty() {
                    writeln!(text, "security_group_ids = {}", refs("security_group", 'f', &groups)).unwrap();
                }
            }
            *text += lifecycle(block);
        }
        let pools = self.pools();
        for (number, block, subnets) in &pools {
            writeln!(text, "[db_subnet_group.p{number}]\nsubnet_ids = {}", refs("subnet", 's', subnets))
                .unwrap();
            if block.name > 0 {
                writeln!(text, "name = \"own-{number}-{}\"", block.name).unwrap();
            }
            *text += lifecycle(block);
        }
        for (number, block) in self.all("db_instance") {
            let Some((pool, of_it, _)) = pools.get(block.dials[3] % pools.len().max(1)) else { continue };
            // Once given, groups stay as they are when unset.
            let groups = self.groups(of_it, 2);
            if groups.is_empty() {
                continue;
            }
            writeln!(text, "[db_instance.d{number}]\ninstance_class = \"db.t4g.micro\"").unwrap();
            writeln!(text, "db_subnet_group = \"${{db_subnet_group.p{pool}.id}}\"").unwrap();
            writeln!(text, "multi_az = {}", block.dials[2] % 3 == 0).unwrap();
            writeln!(text, "security_group_ids = {}", refs("security_group", 'f', &groups)).unwrap();
        }
        for (number, block) in self.all("lambda_function") {
            writeln!(text, "[lambda_function.l{number}]\nartifact = \"f.zip\"\nrole = \"arn:aws:iam::000000000000:role/x\"").unwrap();
            let (subnets, groups) = (self.picked(block, 1), self.groups(block, 2));
            if !subnets.is_empty() && !groups.is_empty() {
                let subnets: Vec<usize> = subnets.into_iter().map(|(number, _)| number).collect();
                writeln!(text, "subnet_ids = {}", refs("subnet", 's', &subnets)).unwrap();
                writeln!(text, "security_group_ids = {}", refs("security_group", 'f', &groups)).unwrap();
            }
        }
    }
}
