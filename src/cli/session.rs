use super::args::{PlanArgs, StackArgs};
use super::chaos;
use super::failure::{Failure, Outcome};
use super::former::former;
use super::identity::identity;
use super::opening::open;
use super::packages;
use super::recorded::near;
use super::report;
use super::secrets::secrets;
use super::signals;
use super::site::{Head, Site, Way};
use super::whereabouts::Whereabouts;
use crate::address::Address;
use crate::apply::{Pace, settle};
use crate::census::{glimpse, namesakes};
use crate::cloud::{self, Cloud};
use crate::config::{self, BucketPlace, Options, Stack};
use crate::cost::{PlanCost, of_plan};
use crate::desired::Desired;
use crate::folder;
use crate::limits;
use crate::local;
use crate::plan::{self, Plan};
use crate::refresh::refresh;
use crate::resource::{self, Id, Kind, Observed, Status};
use crate::state::{Bucket, Cipher, Digest, Document, Held, Intent, Memo, Reach, Store, Verb};
use crate::veil::veil_all;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A stack whose configuration is valid, and where its state lies.
pub struct Session {
    pub stack: Stack,
    /// The folder of `stack.toml`: paths in it start there.
    pub root: PathBuf,
    place: Place,
    cipher: Cipher,
}

/// Where the stack's state lies.
enum Place {
    Folder(Store),
    /// Its key is the state's own.
    Bucket(BucketPlace),
}

/// A session with the state under lock and a way to the cloud.
pub struct Open {
    pub stack: Stack,
    pub root: PathBuf,
    pub cloud: Cloud,
    pub site: Site,
    pub document: Document,
    /// The lock, until the command ends, and the only way to write the state.
    pub held: Held,
    /// For what else is written of it: saved plans.
    pub cipher: Cipher,
    /// Where it is, for when stack.toml does not say so any more.
    pub whereabouts: Whereabouts,
}

/// Everything that an apply needs.
pub struct Planned {
    pub open: Open,
    pub desired: Desired,
    pub observed: HashMap<Address, Observed>,
    pub plan: Plan,
    pub digest: Digest,
    /// Objects that say that they are of this stack, where it has no state.
    pub unclaimed: Vec<(Address, Id)>,
}

impl Planned {
    pub fn cost(&self) -> PlanCost {
        of_plan(&self.plan, &self.open.document, &self.open.cloud.region)
    }
}

pub fn kind(name: &str) -> Option<&'static dyn Kind> {
    resource::kind(name)
}

/// The `stack.toml` that `--file` means.
pub fn path(args: &StackArgs) -> PathBuf {
    if args.file.is_dir() { args.file.join("stack.toml") } else { args.file.clone() }
}

/// The folder of the project.
pub fn root(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A folder of the project that is a link may lead to another one of it, not out of it: whoever wrote a cloned repository is not
/// to choose where in the user's files a state is read and written.
fn no_way_out(root: &Path, state: &Path) -> Outcome<()> {
    let (root, folder) =
        (folder::or_current(root), folder::or_current(state.parent().unwrap_or(Path::new(""))));
    let below = folder.strip_prefix(root).unwrap_or(folder);
    let Ok(home) = root.canonicalize() else { return Ok(()) };
    let leads_to = root.join(below).canonicalize();
    if !folder::stays_below(below) || leads_to.as_ref().is_ok_and(|to| to.starts_with(&home)) {
        return Ok(());
    }
    // Of one that is not there yet, the part that is.
    let links = below.ancestors().find(|part| root.join(part).is_symlink());
    let Some(link) = links else { return Ok(()) };
    Err(Failure::user(
        format!(
            "{} is a link that leads out of the project's folder, and no state is read or written through one",
            root.join(link).display()
        ),
        "Name the folder that it leads to as `state` in stack.toml, or remove the link. Nothing was changed.",
    ))
}

/// Of a file of `--set-file`, or the input, without the newline that editors and `echo` put at the end.
fn content(path: &str) -> Outcome<String> {
    let read = match path {
        "-" => limits::take(std::io::stdin().lock(), limits::PARAM),
        path => limits::read(path.as_ref(), limits::PARAM),
    };
    let mut text =
        read.and_then(limits::text).map_err(Failure::io(format!("failed to read {path} for --set-file")))?;
    if text.ends_with('\n') {
        text.pop();
    }
    if text.ends_with('\r') {
        text.pop();
    }
    Ok(text)
}

impl Session {
    /// Reads and checks `stack.toml`.
    pub fn load(args: &StackArgs) -> Outcome<Self> {
        let path = path(args);
        let stack =
            config::load(&path, &Self::options(args)?, resource::registry()).map_err(Failure::Config)?;
        stack.secrets().for_each(|secret| veil_all(&secret));
        Self::of(stack, root(&path))
    }

    /// Says what stops nothing. For commands that are about what stack.toml wants; others say it once too often.
    #[must_use]
    pub fn warned(self) -> Self {
        report::warnings(&self.stack.warnings);
        self
    }

    /// What the command line and the environment say of the stack.
    pub fn options(args: &StackArgs) -> Outcome<Options> {
        let set_file = args.set_file.iter().map(|(name, path)| Ok((name.clone(), content(path)?)));
        Ok(Options {
            target: args.target(|name| std::env::var_os(name))?,
            set: args.set.clone(),
            set_file: set_file.collect::<Outcome<_>>()?,
            env: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        })
    }

    /// Of a stack that is valid already.
    pub fn of(stack: Stack, root: PathBuf) -> Outcome<Self> {
        let cipher = Cipher::new(&stack.encryption, identity())
            .map_err(|what| Failure::user(what, "Correct `encryption` in stack.toml."))?;
        let place = Place::of(&stack.state, &stack, &root)?;
        Ok(Self { stack, root, place, cipher })
    }

    /// The state's store, for commands that need nothing else of the cloud.
    pub async fn store(&self) -> Outcome<Store> {
        self.store_at(&self.place, None).await
    }

    /// What was applied last, unlocked; `help` says what an apply would bring.
    pub async fn applied(&self, help: &str) -> Outcome<Document> {
        let document = self.peek().await?;
        document.ok_or_else(|| Failure::user("nothing has been applied yet", help))
    }

    /// The store of this stack at another place than stack.toml says.
    pub async fn store_in(&self, place: &str) -> Outcome<Store> {
        self.store_at(&Place::of(place, &self.stack, &self.root)?, None).await
    }

    /// The store that this stack would have there under another name.
    /// Without a `cloud` it connects, where the place needs one.
    pub async fn store_of(&self, name: &str, place: &str, cloud: Option<&Cloud>) -> Outcome<Store> {
        let stack = Stack { name: name.to_owned(), ..self.stack.clone() };
        Ok(self.store_at(&Place::of(place, &stack, &self.root)?, cloud).await?.of_stack(name))
    }

    /// The state in the bucket that this address names, whatever the target adds to it, and whosever it is.
    pub async fn store_as_named(&self, place: &str, cipher: Cipher) -> Outcome<Store> {
        let Some(Ok(place)) = BucketPlace::parse(place) else {
            return Err(Failure::user(
                format!("{place} is no object in a bucket"),
                "Write s3://BUCKET/KEY.json.",
            ));
        };
        let objects = Bucket::at(&self.connect().await?, &place);
        Ok(Store::remote(Arc::new(objects), &place.name(), &place.key).sealed_by(cipher))
    }

    /// Where the state is, for people.
    pub fn place_name(&self) -> String {
        match &self.place {
            Place::Folder(store) => store.name(),
            Place::Bucket(place) => place.name(),
        }
    }

    /// Without a `cloud` it connects, where the place needs one.
    async fn store_at(&self, place: &Place, cloud: Option<&Cloud>) -> Outcome<Store> {
        let store = match place {
            Place::Folder(store) => {
                no_way_out(&self.root, Path::new(&store.name()))?;
                store.clone()
            }
            Place::Bucket(place) => {
                signals::watch();
                let objects = match cloud {
                    Some(cloud) => Bucket::at(cloud, place),
                    None => Bucket::at(&self.connect().await?, place),
                };
                if self.is_local() {
                    objects
                        .ensure()
                        .await
                        .map_err(Failure::while_doing("failed to make the bucket of the state"))?;
                }
                let store = Store::remote(Arc::new(objects), &place.name(), &place.key);
                chaos::lease_life().into_iter().fold(store, Store::lasting)
            }
        };
        Ok(store.sealed_by(self.cipher.clone()).of_stack(&self.stack.name))
    }

    pub fn is_local(&self) -> bool {
        is_local(&self.stack)
    }

    /// What the stack's files are encrypted and decrypted with.
    pub fn cipher(&self) -> &Cipher {
        &self.cipher
    }

    /// A way to the cloud that the stack goes to.
    pub async fn connect(&self) -> Outcome<Cloud> {
        let cloud = match Way::of(&self.stack) {
            Way::Local => {
                let _during = report::during("asking the local cloud");
                let running = local::connect(&local::Layout::new(&self.root)).await?;
                let http = local::LocalHttpClient::new(chaos::under(cloud::http()), &running);
                let http = chaos::over(SharedHttpClient::new(http));
                let cloud = Cloud::emulator(&running.endpoint, &self.stack.region, http);
                let mut cloud = chaos::patient(cloud.keyed(&running.keys.id, &running.keys.secret));
                cloud.local = Some(running.endpoint.clone());
                cloud
            }
            Way::Aws(to) => {
                chaos::refuse_elsewhere()?;
                let _during = report::during("asking AWS whose credentials these are");
                cloud::connect(&to, &report::note)
                    .await
                    .map_err(Failure::while_doing("failed to connect to AWS"))?
            }
        };
        match &self.stack.account {
            Some(account) if *account != cloud.account => Err(Failure::user(
                format!(
                    "these credentials are for account {}, the stack belongs into {account}",
                    cloud.account
                ),
                "Use the credentials of that account (AWS_PROFILE), or change `account` in stack.toml.",
            )),
            _ => Ok(cloud),
        }
    }

    /// Connects, says where, takes the lock, and settles what a dead run left open.
    pub async fn open(self, command: &str, args: &StackArgs, head: Head) -> Outcome<Open> {
        let cloud = self.connect().await?;
        let store = self.store_at(&self.place, Some(&cloud)).await?;
        Site::new(&self.stack, &cloud, &store.name()).say(head);
        let opened = open(&store, command, args.patience()).await?;
        self.opened(cloud, &store, opened).await
    }

    /// As `open`, from the lease `id`, which is taken away from its owner.
    pub async fn seize(self, command: &str, id: &str) -> Outcome<Open> {
        let cloud = self.connect().await?;
        let store = self.store_at(&self.place, Some(&cloud)).await?;
        let waiting = report::during("waiting until no call of that run can be under way");
        let opened = store.seize(command, id).await?;
        drop(waiting);
        self.opened(cloud, &store, opened).await
    }

    async fn opened(
        self,
        cloud: Cloud,
        store: &Store,
        (document, held): (Option<Document>, Held),
    ) -> Outcome<Open> {
        if let Some(document) = &document {
            report::encryption(&store.name(), document.sealed, self.cipher.seals());
        }
        held.no_rescue(document.as_ref())?;
        let is_new = document.is_none();
        if is_new && let Some(former) = former(&self, &cloud).await {
            report::former(&former, &self.stack.name, &self.stack.state);
        }
        let new = || Document::new(&self.stack.name, &cloud.account, &cloud.region);
        let mut document = document.unwrap_or_else(new);
        self.arrived(&document).await?;
        document.arriving = None;
        document.reach = Some(Reach::of(&self.stack));
        guard(&document, &cloud, &store.name())?;
        let site = Site::new(&self.stack, &cloud, &store.name());
        let whereabouts = Whereabouts::new(&self.root, &document, &self.stack.state, &store.name());
        let before = whereabouts.before();
        report::elsewhere(&whereabouts, before.as_ref(), is_new);
        // One that is not written yet has no lineage to be known by: whoever writes it first keeps it.
        if !is_new {
            whereabouts.keep();
        }
        // From here on everything is done, and decided, under the lock.
        let cloud = held.warrant().into_iter().fold(cloud, Cloud::under);
        let mut open = Open {
            stack: self.stack,
            root: self.root,
            cloud,
            site,
            document,
            held,
            cipher: self.cipher,
            whereabouts,
        };
        open.settle().await?;
        Ok(open)
    }
}

impl Place {
    /// `state = "FOLDER"`, `"s3://BUCKET/FOLDER"`, or `"s3://BUCKET/KEY.json"`.
    fn of(place: &str, stack: &Stack, root: &Path) -> Outcome<Self> {
        let target = stack.target.as_ref().map(|target| target.name.as_str());
        let Some(there) = BucketPlace::parse(place) else {
            // Messages name the state as the user would: `state/…` and not `./state/…`.
            let folder = root.strip_prefix(".").unwrap_or(root).join(place);
            return Ok(Self::Folder(Store::files(&folder, &stack.name, target)));
        };
        let mut there = there.map_err(|wrong| {
            Failure::user(
                format!("{place} is no place for a state: {wrong}"),
                "Write s3://BUCKET/KEY, and behind it `?region=…`, `?sse=aws:kms` or `?kms_key=ARN`, joined by `&`.",
            )
        })?;
        let suffix = target.map(|target| format!(".{target}")).unwrap_or_default();
        let key = match there.key.strip_suffix(".json") {
            Some(own) => format!("{own}{suffix}.json"),
            None => format!("{}/{}{suffix}.json", there.key.trim_end_matches('/'), stack.name),
        };
        key.trim_start_matches('/').clone_into(&mut there.key);
        Ok(Self::Bucket(there))
    }
}

pub fn is_local(stack: &Stack) -> bool {
    stack.target.as_ref().is_some_and(config::Target::is_local)
}

/// Reading one account's ids with another account's credentials would find everything gone.
pub fn guard(document: &Document, cloud: &Cloud, name: &str) -> Outcome<()> {
    let (here, there) = ((&cloud.account, &cloud.region), (&document.account, &document.region));
    if here == there {
        return Ok(());
    }
    Err(Failure::user(
        format!(
            "{name} describes account {} in {}, the credentials are for account {} in {}",
            there.0, there.1, here.0, here.1
        ),
        "Use the credentials and the region that the state was made with, or another target.",
    ))
}

impl Open {
    async fn settle(&mut self) -> Outcome<()> {
        if self.document.open.is_empty() {
            return Ok(());
        }
        settle_open(&self.cloud, &mut self.document, &self.held).await
    }

    pub fn pace(&self) -> Pace {
        pace(&self.cloud)
    }

    /// Builds the functions, reads what is there and makes the plan.
    pub async fn plan(self, args: &PlanArgs, destroy: bool) -> Outcome<Planned> {
        let selection = args.selection();
        let known: Vec<Address> =
            self.stack.blocks.keys().chain(self.document.resources.keys()).cloned().collect();
        if let Some(address) = selection.unmatched(&known).next() {
            let help = near(address, &known, "`stackctl state list` shows what there is.");
            return Err(Failure::user(format!("neither stack.toml nor the state has {address}"), help));
        }
        // A destroy needs no code.
        let packages = if destroy {
            HashMap::new()
        } else {
            packages::packages(&self.stack, &self.root, args.no_build)?
        };
        let desired = Desired::new(self.stack.clone(), &self.cloud.account, &self.cloud.region, packages);
        let mut unclaimed = vec![];
        if self.document.serial == 0 && !destroy {
            let looking = report::during("looking for objects that carry this stack's tags");
            let (found, namesakes) =
                futures::join!(glimpse(&self.cloud, &desired), namesakes(&self.cloud, &desired));
            unclaimed = found;
            drop(looking);
            report::lost(&unclaimed, desired.stack());
            report::namesakes(&namesakes, desired.stack());
        }
        let during = report::counting(self.cloud.gauge.clone());
        let memo = Arc::new(Memo::of_user());
        let digest = Digest::new(&self.document).remembering(memo.clone());
        let jobs = if destroy { vec![] } else { secrets(&digest, &desired, &self.document) };
        let read = async {
            if args.refresh {
                refresh(&self.cloud, &self.document, &self.pace(), kind)
                    .await
                    .map_err(Failure::while_doing("failed to read what is there; nothing was changed"))
            } else {
                Ok(trusted(&self.document))
            }
        };
        let (observed, ()) = futures::join!(read, digest.prepare(jobs));
        let observed = observed?;
        self.cloud.gauge.begin("making the plan", 0);
        let plan = plan::build(&plan::Inputs {
            desired: &desired,
            state: &self.document,
            observed: &observed,
            selection: &selection,
            destroy,
            kind: &kind,
            digest: &digest,
        });
        memo.keep();
        drop(during);
        Ok(Planned { open: self, desired, observed, plan, digest, unclaimed })
    }
}

/// Settles what a dead run left open, and writes the state.
pub async fn settle_open(cloud: &Cloud, document: &mut Document, held: &Held) -> Outcome<()> {
    let nameless = |open: &Intent| open.verb == Verb::Create && open.id.is_none();
    if let Some(gateway) = cloud.local.as_deref().filter(|_| document.open.iter().any(nameless)) {
        local::quiet(gateway, report::note).await;
    }
    let during = report::during("finding out what an interrupted run left open");
    let findings = settle(cloud, document, &pace(cloud), kind).await.map_err(Failure::while_doing(
        "failed to settle what an interrupted run left open; nothing was changed",
    ))?;
    held.write(document).await?;
    drop(during);
    report::findings(&findings);
    Ok(())
}

fn pace(cloud: &Cloud) -> Pace {
    match (&cloud.local, cloud.emulated) {
        (Some(_), _) => chaos::pace(),
        (None, true) => Pace::ENDPOINT,
        (None, false) => Pace::AWS,
    }
}

/// `--refresh=false`: what is recorded stands for what is there.
fn trusted(document: &Document) -> HashMap<Address, Observed> {
    let resources = document.resources.iter().map(|(address, record)| {
        let (inputs, outputs) = (record.inputs.clone(), record.outputs.clone());
        (address.clone(), Observed { inputs, outputs, status: Status::Ready, owner: None })
    });
    resources.collect()
}
