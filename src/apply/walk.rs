use super::gate::Rank;
use crate::plan::Order;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How urgent an operation is.
pub fn rank(order: &Order, index: usize) -> Rank {
    (order.remaining(index), Reverse(index))
}

/// How far the walk is.
pub struct Walk<'a> {
    order: &'a Order,
    waits: Vec<usize>,
    begun: Vec<bool>,
    ready: BinaryHeap<Rank>,
}

impl<'a> Walk<'a> {
    pub fn new(order: &'a Order) -> Self {
        let waits: Vec<usize> = (0..order.len()).map(|index| order.waits_for(index)).collect();
        let mut walk = Self { order, begun: vec![false; waits.len()], waits, ready: BinaryHeap::new() };
        for index in 0..order.len() {
            walk.offer(index);
        }
        walk
    }

    /// The most urgent of what is ready.
    pub fn next(&mut self) -> Option<usize> {
        self.ready.pop().map(|(_, Reverse(index))| index)
    }

    fn offer(&mut self, index: usize) {
        if self.waits[index] == 0 {
            self.begun[index] = true;
            self.ready.push(rank(self.order, index));
        }
    }

    pub fn finish(&mut self, index: usize) {
        let followers: Vec<usize> = self.order.followers(index).collect();
        for follower in followers {
            self.waits[follower] -= 1;
            self.offer(follower);
        }
    }

    /// Everything that will never start now.
    pub fn fail(&mut self, index: usize) -> Vec<usize> {
        let mut skipped = vec![];
        let mut stack: Vec<usize> = self.order.followers(index).collect();
        while let Some(next) = stack.pop() {
            if !self.begun[next] {
                self.begun[next] = true;
                skipped.push(next);
                stack.extend(self.order.followers(next));
            }
        }
        skipped
    }

    /// Whether nothing is left to begin.
    pub fn has_begun_all(&self) -> bool {
        self.ready.is_empty() && self.begun.iter().all(|begun| *begun)
    }

    /// What was neither begun nor skipped, or was ready when the stop came.
    pub fn rest(&self) -> impl Iterator<Item = usize> {
        let ready = self.ready.iter().map(|(_, Reverse(index))| *index);
        ready.chain((0..self.begun.len()).filter(|&index| !self.begun[index]))
    }
}
